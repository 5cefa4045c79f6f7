//! Elements that ranks send each other as bytes.

use hdf5::H5Type;
use num_complex::Complex;

mod sealed {
    /// What makes an element of bytes.
    pub trait Sealed: bytemuck::NoUninit {
        /// The elements that native `bytes` are; `None` where some are none.
        fn from_bytes(bytes: &[u8]) -> Option<Vec<Self>>;
    }
}

/// What arrays and matrices are of that ranks have together: numbers, bools and complex numbers.
pub trait Element: H5Type + Default + sealed::Sealed {}

pub(super) fn from_bytes<T: Element>(bytes: &[u8]) -> Option<Vec<T>> {
    <T as sealed::Sealed>::from_bytes(bytes)
}

macro_rules! elements {
    ($($type:ty)*) => {
        $(
            impl sealed::Sealed for $type {
                fn from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
                    (bytes.len() % size_of::<Self>() == 0).then(|| bytemuck::pod_collect_to_vec(bytes))
                }
            }

            impl Element for $type {}
        )*
    };
}
elements!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 Complex<f32> Complex<f64>);

impl sealed::Sealed for bool {
    fn from_bytes(bytes: &[u8]) -> Option<Vec<Self>> {
        bytes.iter().map(|byte| bytemuck::checked::try_cast::<u8, bool>(*byte).ok()).collect()
    }
}

impl Element for bool {}
