//! Sparse matrices whose rows are spread over ranks, in the order of the ranks.
//!
//! For `#[serde(with = "filebacked::dist::sparse")]`: a matrix of [`sprs`] in CSR form, which has the rank's rows, and all columns.
//! Elsewhere (in maps, options, payloads), a matrix is put into [`Rows`].
//!
//! In a file it is what [`sparse`](crate::sparse) makes of the matrix of all rows. A rank may have none. Rank 0 writes all of it: the
//! matrix has to fit into its memory.

use hdf5::H5Type;
use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use sprs::{CsMatI, SpIndex};

use super::element::{Element, from_bytes};
use super::session::{self, Contents, Part, PartForm, ToWrite, Visit, changed};
use crate::de::Source;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::ground::message::{Message, Received};
use crate::h5::ElementType;
use crate::ser::{Destination, PartQuestion};
use crate::wrappers::bridge::{self, Read, Write};
use crate::wrappers::matrix::write_compressed;
use crate::wrappers::sparse::Sparse;

/// A rank's rows of a sparse matrix that all ranks have together: see [`dist`](crate::dist). To `to_file` of one process, and to
/// other formats, it is the matrix that is in it.
///
/// ```
/// use filebacked::dist::{self, Rows, Threads};
/// use sprs::CsMat;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("run.h5");
/// // Two ranks have three rows each of a matrix of three columns.
/// let written = Threads::run(2, |comm| dist::to_file(&comm, &path, &Rows(CsMat::<f64>::eye(3))));
/// assert!(written.iter().all(Result::is_ok));
/// let whole: Rows<f64> = filebacked::from_file(&path)?;
/// assert_eq!((whole.0.shape(), whole.0.nnz()), ((6, 3), 6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rows<T, I: SpIndex = usize, Iptr: SpIndex = I>(pub CsMatI<T, I, Iptr>);

impl<T, I, Iptr> Serialize for Rows<T, I, Iptr>
where
    T: Element + Serialize,
    I: SpIndex + H5Type + Serialize,
    Iptr: SpIndex + H5Type + Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de, T, I, Iptr> Deserialize<'de> for Rows<T, I, Iptr>
where
    T: Element + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "filebacked::dist::sparse")]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<T, I, Iptr, S>(matrix: &CsMatI<T, I, Iptr>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: Element + Serialize,
    I: SpIndex + H5Type + Serialize,
    Iptr: SpIndex + H5Type + Serialize,
    S: Serializer,
{
    bridge::serialize(&WriteRows(matrix), serializer)
}

/// For `#[serde(with = "filebacked::dist::sparse")]`.
///
/// # Errors
/// Those of the deserializer.
pub fn deserialize<'de, T, I, Iptr, D>(deserializer: D) -> Result<CsMatI<T, I, Iptr>, D::Error>
where
    T: Element + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
    D: Deserializer<'de>,
{
    bridge::deserialize(deserializer).map(|ReadRows(matrix)| matrix)
}

/// Rows that are written.
struct WriteRows<'a, T, I: SpIndex, Iptr: SpIndex>(&'a CsMatI<T, I, Iptr>);

impl<T: Element, I: SpIndex, Iptr: SpIndex> WriteRows<'_, T, I, Iptr> {
    fn form(&self) -> Result<PartForm> {
        if !self.0.is_csr() {
            let message =
                "ranks have the rows of a matrix: expected one in CSR form, found CSC (`CsMat::to_csr` makes it that)";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let element = ElementType::<T>::new()?.name();
        Ok(PartForm::Rows { element, rows: self.0.rows() as u64, columns: self.0.cols() as u64 })
    }

    fn contents(&self) -> Vec<u8> {
        let mut message = Message::new();
        message.numbers(self.0.indptr().raw_storage().iter().map(|end| end.index() as u64));
        message.numbers(self.0.indices().iter().map(|column| column.index() as u64));
        message.bytes(bytemuck::cast_slice(self.0.data()));
        message.into_bytes()
    }

    fn take_part(&self, question: &PartQuestion) -> Result<Option<()>> {
        let Some(visit) = session::visit()? else { return Ok(None) };
        match visit {
            Visit::Look(_) => {
                session::note(Part { path: question.path.clone(), form: self.form()?, is_spread: false }, None);
            }
            Visit::Collect(number) => session::put_contents(number, &self.form()?, self.contents())?,
            Visit::Fill(..) => return Err(changed()),
            Visit::Pass => {}
        }
        Ok(Some(()))
    }
}

/// The matrix of the rows of all ranks.
fn gathered<T: Element>(ranks: &Contents) -> Result<CsMatI<T, usize>> {
    let (mut ends, mut indices, mut data, mut shape) = (vec![0], Vec::new(), Vec::new(), (0, 0));
    for (part, bytes) in ranks {
        let PartForm::Rows { rows, columns, .. } = part.form else { return Err(changed()) };
        let mut message = Received::new(bytes);
        let (own_ends, own_indices) = (message.numbers()?, message.numbers()?);
        let first = own_ends.first().copied().unwrap_or(0);
        let before = indices.len();
        ends.extend(own_ends.iter().skip(1).map(|end| before + (end - first) as usize));
        indices.extend(own_indices.iter().map(|column| *column as usize));
        data.extend(from_bytes::<T>(message.bytes()?).ok_or_else(changed)?);
        shape = (shape.0 + rows as usize, columns as usize);
    }
    CsMatI::try_new(shape, ends, indices, data).map_err(|(_, _, _, error)| {
        Error::new(ErrorKind::Custom, format!("the rows of all ranks make no matrix: {error}"))
    })
}

impl<T, I, Iptr> Write for WriteRows<'_, T, I, Iptr>
where
    T: Element + Serialize,
    I: SpIndex + H5Type + Serialize,
    Iptr: SpIndex + H5Type + Serialize,
{
    fn write(&self, destination: &Destination) -> Result<()> {
        if session::is_written() {
            match session::to_write(&self.form()?)? {
                Some(ToWrite::Contents(ranks)) => {
                    return write_compressed(destination, &gathered::<T>(&ranks)?.view());
                }
                Some(_) => return Err(changed()),
                None => {}
            }
        }
        write_compressed(destination, &self.0.view())
    }

    fn elsewhere<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn spread(&self, question: &PartQuestion) -> Option<Result<()>> {
        self.take_part(question).transpose()
    }
}

/// Rows that are read.
struct ReadRows<T, I: SpIndex, Iptr: SpIndex>(CsMatI<T, I, Iptr>);

impl<'de, T, I, Iptr> Read<'de> for ReadRows<T, I, Iptr>
where
    T: Element + Deserialize<'de>,
    I: SpIndex + H5Type + Deserialize<'de>,
    Iptr: SpIndex + H5Type + Deserialize<'de>,
{
    const EXPECTED: &'static str = "a sparse matrix";

    fn read(source: Source) -> Result<Self> {
        let matrix = source.open(crate::wrappers::sparse::read::<T, I, Iptr>)?;
        if !session::is_read() {
            return Ok(Self(matrix));
        }
        let matrix = if matrix.is_csr() { matrix } else { matrix.to_csr() };
        let range = session::share(matrix.rows() as u64)?;
        Ok(Self(matrix.slice_outer(range.start as usize..range.end as usize).to_owned()))
    }

    fn elsewhere<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Sparse::deserialize(deserializer).map(|Sparse(matrix)| Self(matrix))
    }
}
