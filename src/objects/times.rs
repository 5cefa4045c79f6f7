//! What numbers of a file stand for if they are times.

use crate::ground::time::TimeUnits;

/// What numbers stand for that are times: a unit, and the time that is counted from. Times are those of UTC.
///
/// ```
/// use filebacked::objects::Times;
///
/// let times = Times::parse("hours since 1970-01-02", None).expect("hours are times");
/// assert_eq!(times.nanoseconds(1), Some(25 * 3_600_000_000_000));
/// assert!(Times::parse("hours", None).is_none());
/// assert_eq!(Times::of_numpy("datetime64[us]").expect("microseconds are times").unit(), 1000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times(TimeUnits);

impl Times {
    /// What the attributes `units` and `calendar` of netCDF's conventions say: `days since 2000-01-01`. `None` where they say
    /// something else, or a calendar that has other dates. [`timestamp`](crate::timestamp#reading) says which units are read.
    #[must_use]
    pub fn parse(units: &str, calendar: Option<&str>) -> Option<Self> {
        TimeUnits::parse(units, calendar).ok().map(Self)
    }

    /// What numpy's name of a type says, as [`TypeClass::Time`](super::TypeClass::Time) has it: `datetime64[ns]`. `None` for
    /// durations, and for months and years.
    #[must_use]
    pub fn of_numpy(name: &str) -> Option<Self> {
        TimeUnits::of_numpy(name).ok().map(Self)
    }

    /// The nanoseconds since 1970 that a number stands for, if they are so few that an `i128` holds them.
    #[must_use]
    pub fn nanoseconds(self, number: i128) -> Option<i128> {
        self.0.nanoseconds(number)
    }

    /// The nanoseconds of one unit.
    #[must_use]
    pub fn unit(self) -> i128 {
        self.0.scale()
    }

    /// The nanoseconds since 1970 of the time that is counted from.
    #[must_use]
    pub fn origin(self) -> i128 {
        self.0.origin()
    }
}
