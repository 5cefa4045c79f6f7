//! Sums of entries that stand at one place of a matrix.

use std::any::{Any, TypeId};

use num_complex::{Complex32, Complex64};

/// Adds its second argument to the first; false where the sum is beyond the type.
pub(super) type Add<T> = fn(&mut T, &T) -> bool;

/// How values of the type are added, if they are numbers or bools.
///
/// A generic function cannot tell whether a type has a sum, but what the type is.
pub(super) fn addition<T: 'static>() -> Option<Add<T>> {
    macro_rules! of {
        ($($type:ty: |$sum:ident, $value:ident| $add:expr;)*) => {
            $(if TypeId::of::<T>() == TypeId::of::<$type>() {
                return Some(|sum, value| {
                    let sum = (sum as &mut dyn Any).downcast_mut::<$type>();
                    let (Some($sum), Some($value)) = (sum, (value as &dyn Any).downcast_ref::<$type>()) else {
                        return false;
                    };
                    match $add {
                        Some(added) => {
                            *$sum = added;
                            true
                        }
                        None => false,
                    }
                });
            })*
        };
    }
    of! {
        f64: |sum, value| Some(*sum + *value);
        f32: |sum, value| Some(*sum + *value);
        i8: |sum, value| sum.checked_add(*value);
        i16: |sum, value| sum.checked_add(*value);
        i32: |sum, value| sum.checked_add(*value);
        i64: |sum, value| sum.checked_add(*value);
        isize: |sum, value| sum.checked_add(*value);
        u8: |sum, value| sum.checked_add(*value);
        u16: |sum, value| sum.checked_add(*value);
        u32: |sum, value| sum.checked_add(*value);
        u64: |sum, value| sum.checked_add(*value);
        usize: |sum, value| sum.checked_add(*value);
        bool: |sum, value| Some(*sum | *value);
        Complex32: |sum, value| Some(*sum + *value);
        Complex64: |sum, value| Some(*sum + *value);
    }
    None
}
