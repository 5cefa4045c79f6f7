//! Matrices of `nalgebra`: which types are such, as code that is not generic sees it.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::OnceLock;

use nalgebra::{ArrayStorage, Const, DMatrix, DVector, Dim, Dyn, Rotation, SMatrix, Scalar, U1};
use num_complex::Complex;

use super::Kind;

/// The numbers of rows and columns, as far as they are in the type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MatrixType {
    pub(crate) rows: Option<usize>,
    pub(crate) columns: Option<usize>,
}

impl MatrixType {
    pub(crate) fn of<R: Dim, C: Dim>() -> Self {
        Self { rows: R::try_to_usize(), columns: C::try_to_usize() }
    }

    /// Of a value of this type, if it is a matrix that is known to be one without its wrapper.
    pub(crate) fn of_value(id: TypeId) -> Option<Self> {
        known().values.get(&id).copied()
    }

    /// Of what such a matrix asks serde for.
    pub(crate) fn of_asked(id: TypeId) -> Option<Self> {
        known().asked.get(&id).copied()
    }

    /// Whether its type says that there is one column.
    pub(crate) fn is_vector(self) -> bool {
        self.columns == Some(1)
    }

    /// Whether all of its size is in the type: serde is then told of its elements alone.
    pub(crate) fn is_fixed(self) -> bool {
        self.rows.is_some() && self.columns.is_some()
    }

    /// The kind of its dataset, by which serde finds what it was where it keeps what it reads.
    pub(crate) fn kind(self) -> Option<Kind> {
        match (self.rows, self.columns) {
            (Some(_), Some(1)) => None,
            (Some(_), Some(_)) => Some(Kind::FixedMatrix),
            (None, None | Some(1)) => Some(Kind::Matrix),
            _ => Some(Kind::Array),
        }
    }

    /// The rows and columns of a matrix of this type that a dataset of these dimensions is.
    pub(crate) fn size(self, dims: &[u64]) -> Option<[u64; 2]> {
        let (rows, columns) = match *dims {
            [rows, columns] => (rows, columns),
            [rows] if self.is_vector() => (rows, 1),
            [columns] if self.rows == Some(1) => (1, columns),
            _ => return None,
        };
        let fits = |fixed: Option<usize>, found| fixed.is_none_or(|fixed| fixed as u64 == found);
        (fits(self.rows, rows) && fits(self.columns, columns)).then_some([rows, columns])
    }

    /// Says that an array of these dimensions is no such matrix.
    #[cold]
    pub(crate) fn mismatch(self, dims: &[u64]) -> String {
        let count = |fixed: Option<usize>, one: &str, many: &str| match fixed {
            Some(1) => format!("1 {one}"),
            Some(count) => format!("{count} {many}"),
            None => format!("any number of {many}"),
        };
        let (rows, columns) = (count(self.rows, "row", "rows"), count(self.columns, "column", "columns"));
        format!("expected a matrix of {rows} and {columns}, found an array of shape {dims:?}")
    }
}

/// The types that are known, by their ids.
#[derive(Default)]
struct Known {
    values: HashMap<TypeId, MatrixType>,
    asked: HashMap<TypeId, MatrixType>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = Known::default();
        macro_rules! elements {
            ($($element:ty),*) => { $(known.add_elements::<$element>();)* };
        }
        elements!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, f32, f64, bool, Complex<f32>, Complex<f64>);
        known
    })
}

impl Known {
    /// All types that have these elements.
    fn add_elements<T: Scalar>(&mut self) {
        self.add_value::<DMatrix<T>>(MatrixType::of::<Dyn, Dyn>());
        self.add_value::<DVector<T>>(MatrixType::of::<Dyn, U1>());
        self.add_dynamic::<T, Dyn, Dyn>();
        self.add_dynamic::<T, Dyn, U1>();
        self.add_dynamic::<T, U1, Dyn>();
        macro_rules! halves {
            ($($size:literal)*) => {
                $(
                    self.add_dynamic::<T, Const<$size>, Dyn>();
                    self.add_dynamic::<T, Dyn, Const<$size>>();
                )*
            };
        }
        halves! { 2 3 4 5 6 }
        macro_rules! sizes {
            ($($rows:literal: $($columns:literal)*;)*) => { $($(self.add_fixed::<T, $rows, $columns>();)*)* };
        }
        // Those that have names, and no more: each is looked for by its id.
        sizes! {
            1: 1 2 3 4 5 6;
            2: 1 2 3 4 5 6;
            3: 1 2 3 4 5 6;
            4: 1 2 3 4 5 6;
            5: 1 2 3 4 5 6;
            6: 1 2 3 4 5 6;
        }
        self.add_value::<Rotation<T, 2>>(MatrixType { rows: Some(2), columns: Some(2) });
        self.add_value::<Rotation<T, 3>>(MatrixType { rows: Some(3), columns: Some(3) });
    }

    fn add_value<M: 'static>(&mut self, matrix: MatrixType) {
        self.values.insert(TypeId::of::<M>(), matrix);
        self.values.insert(TypeId::of::<&'static M>(), matrix);
    }

    /// What a matrix asks for whose size is not in its type: the elements, and the numbers of rows and columns.
    fn add_dynamic<T: Scalar, R: Dim, C: Dim>(&mut self) {
        self.asked.insert(TypeId::of::<(Vec<T>, R, C)>(), MatrixType::of::<R, C>());
    }

    /// A matrix whose size is in its type: a tuple of its elements, to serde. Vectors are the same in either form.
    fn add_fixed<T: Scalar, const ROWS: usize, const COLUMNS: usize>(&mut self) {
        let matrix = MatrixType { rows: Some(ROWS), columns: Some(COLUMNS) };
        if !matrix.is_vector() {
            self.add_value::<SMatrix<T, ROWS, COLUMNS>>(matrix);
        }
        self.asked.insert(TypeId::of::<ArrayStorage<T, ROWS, COLUMNS>>(), matrix);
    }
}

/// The elements of a matrix, of `size` bytes each, in the other order: of those column after column, those row after row, for a
/// matrix of so many columns and rows; or the other way round.
pub(crate) fn transposed(elements: &[u8], size: usize, [outer, inner]: [u64; 2]) -> Vec<u8> {
    let (outer, inner) = (outer as usize, inner as usize);
    if outer <= 1 || inner <= 1 || size == 0 {
        return elements.to_vec();
    }
    let mut bytes = Vec::with_capacity(elements.len());
    for at in 0..inner {
        for row in elements.chunks_exact(inner * size) {
            bytes.extend_from_slice(&row[at * size..(at + 1) * size]);
        }
    }
    debug_assert_eq!(bytes.len(), outer * inner * size);
    bytes
}
