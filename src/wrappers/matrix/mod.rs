//! What compressed matrices and triplets share: the layout of a group that holds a sparse matrix.

mod indices;
mod layout;
mod other_format;
mod structure;
mod sum;

use hdf5::H5Type;
use ndarray::ArrayView1;
use sprs::{CompressedStorage, CsMatI, CsMatViewI, SpIndex, TriMatI, TriMatViewI};

pub(crate) use layout::is_of_sprs;
pub(crate) use other_format::{deserialize_compressed, deserialize_triplets, serialize_triplets};

use self::indices::Indices;
use self::layout::{Layout, not_compressed};
use self::structure::Bound;
use crate::de::OpenObject;
use crate::ground::error::{Error, ErrorKind, Result};
use crate::h5::{Dataset, ElementType, Group, Shape};
use crate::layout::sparse::{COL, DATA, INDICES, INDPTR, ROW, SparseFormat};
use crate::layout::storage_options::StorageOptions;
use crate::ser::Destination;

/// The format of a matrix that is compressed so.
fn format_of(storage: CompressedStorage) -> SparseFormat {
    match storage {
        CompressedStorage::CSR => SparseFormat::Csr,
        CompressedStorage::CSC => SparseFormat::Csc,
    }
}

/// Writes the values of the entries.
fn write_data<T: H5Type>(group: &Group, data: &[T], storing: &StorageOptions) -> Result<()> {
    let write = || group.write_array(DATA, &ElementType::new()?, &ArrayView1::from(data), storing);
    write().map_err(|error: Error| error.in_link(DATA))
}

/// Writes a compressed matrix.
pub(crate) fn write_compressed<T, I, Iptr>(destination: &Destination, matrix: &CsMatViewI<'_, T, I, Iptr>) -> Result<()>
where
    T: H5Type,
    I: SpIndex + H5Type,
    Iptr: SpIndex + H5Type,
{
    let layout = Layout::new(format_of(matrix.storage()), matrix.shape());
    let group = destination.group(None)?;
    layout.write(&group)?;
    let (number, storing) = (layout.index_type(matrix.nnz()), destination.storing());
    write_data(&group, matrix.data(), storing)?;
    indices::write(&group, INDICES, matrix.indices(), number, storing)?;
    // A part of a larger matrix points to where its entries are in that one.
    indices::write(&group, INDPTR, &matrix.indptr().to_proper(), number, storing)
}

/// Writes triplets.
pub(crate) fn write_triplets<T, I>(destination: &Destination, matrix: &TriMatViewI<'_, T, I>) -> Result<()>
where
    T: H5Type,
    I: SpIndex + H5Type,
{
    let layout = Layout::new(SparseFormat::Coo, matrix.shape());
    // `TriMat::set_triplet` takes any index.
    Bound::Below(layout.rows, "rows").check(ROW, matrix.row_inds())?;
    Bound::Below(layout.cols, "columns").check(COL, matrix.col_inds())?;
    let group = destination.group(None)?;
    layout.write(&group)?;
    let (number, storing) = (layout.index_type(matrix.nnz()), destination.storing());
    write_data(&group, matrix.data(), storing)?;
    indices::write(&group, ROW, matrix.row_inds(), number, storing)?;
    indices::write(&group, COL, matrix.col_inds(), number, storing)
}

/// A child of a matrix, open: a dataset of one dimension, or nothing, where MATLAB stores nothing.
struct MatrixChild {
    name: &'static str,
    dataset: Option<Dataset>,
    len: u64,
}

impl MatrixChild {
    fn open(stored: &OpenObject, layout: &Layout, name: &'static str) -> Result<Self> {
        let Some(dataset) = stored.child_dataset(name)? else {
            if layout.is_matlabs {
                return Ok(Self { name, dataset: None, len: 0 });
            }
            let message =
                format!("there is no `{name}`, which a matrix in the format `{}` has", layout.format.as_str());
            return Err(Error::corrupt(message));
        };
        match dataset.shape() {
            Shape::Simple(dims) if dims.len() == 1 => Ok(Self { name, len: dims[0], dataset: Some(dataset) }),
            _ => Err(Error::wrong_type("a dataset with 1 dimension", dataset.words()).in_link(name)),
        }
    }

    /// The values of the entries.
    fn values<T: H5Type>(&self) -> Result<Vec<T>> {
        let Some(dataset) = &self.dataset else { return Ok(Vec::new()) };
        let read = || dataset.read_array(&ElementType::new()?.of_matlab(dataset.dtype())?);
        read().map_err(|error: Error| error.in_link(self.name))
    }

    /// Indices within `bound`.
    fn indices<I: SpIndex + H5Type>(&self, bound: Bound) -> Result<Vec<I>> {
        match &self.dataset {
            Some(dataset) => Indices { name: self.name, dataset, len: self.len, bound }.read(),
            None => Ok(Vec::new()),
        }
    }
}

/// The three children of a compressed matrix, of the lengths that the layout says.
struct CompressedChildren {
    layout: Layout,
    data: MatrixChild,
    indices: MatrixChild,
    indptr: MatrixChild,
    /// How many entries there are.
    count: usize,
}

impl CompressedChildren {
    fn open(stored: &OpenObject, layout: Layout) -> Result<Self> {
        let [indices, indptr] = layout.names();
        let [data, indices, indptr] = [DATA, indices, indptr].map(|name| MatrixChild::open(stored, &layout, name));
        let (data, indices, indptr) = (data?, indices?, indptr?);
        structure::check_lengths(&layout, indptr.len, indices.len, data.len)?;
        let count = in_memory(data.len)?;
        Ok(Self { layout, data, indices, indptr, count })
    }

    fn offsets<Iptr: SpIndex + H5Type>(&self) -> Result<Vec<Iptr>> {
        self.indptr.indices(Bound::UpTo(self.count, "entries"))
    }

    fn inner<I: SpIndex + H5Type>(&self) -> Result<Vec<I>> {
        self.indices.indices(Bound::Below(self.layout.inner(), self.layout.inner_name()))
    }
}

/// So many entries, if memory can hold them.
fn in_memory(count: u64) -> Result<usize> {
    usize::try_from(count).map_err(|_| Error::new(ErrorKind::Limit, format!("{count} entries do not fit into memory")))
}

/// Reads a compressed matrix.
pub(crate) fn read_compressed<T, I, Iptr>(stored: &OpenObject) -> Result<CsMatI<T, I, Iptr>>
where
    T: H5Type,
    I: SpIndex + H5Type,
    Iptr: SpIndex + H5Type,
{
    let layout = Layout::read(stored)?;
    let storage = layout.storage().ok_or_else(|| not_compressed(layout.format))?;
    let matrix = CompressedChildren::open(stored, layout)?;
    structure::check_index_types::<I, Iptr>(&layout, matrix.count)?;
    let (indptr, indices) = (matrix.offsets()?, matrix.inner()?);
    structure::compressed(storage, layout, indptr, indices, matrix.data.values()?)
}

/// Reads triplets, also those of a compressed matrix.
pub(crate) fn read_triplets<T, I>(stored: &OpenObject) -> Result<TriMatI<T, I>>
where
    T: H5Type,
    I: SpIndex + H5Type,
{
    let layout = Layout::read(stored)?;
    structure::check_triplet_index::<I>(&layout)?;
    let Some(storage) = layout.storage() else {
        let [data, row, col] = [DATA, ROW, COL].map(|name| MatrixChild::open(stored, &layout, name));
        let (data, row, col) = (data?, row?, col?);
        structure::check_triplet_lengths(row.len, col.len, data.len)?;
        let rows = row.indices(Bound::Below(layout.rows, "rows"))?;
        let cols = col.indices(Bound::Below(layout.cols, "columns"))?;
        return structure::triplets(layout, rows, cols, data.values()?);
    };
    let matrix = CompressedChildren::open(stored, layout)?;
    let (offsets, name) = (matrix.offsets::<usize>()?, matrix.indptr.name);
    let (inner, outer) = (matrix.inner()?, structure::expanded(name, &offsets, matrix.count)?);
    let (rows, cols) = match storage {
        CompressedStorage::CSR => (outer, inner),
        CompressedStorage::CSC => (inner, outer),
    };
    structure::triplets(layout, rows, cols, matrix.data.values()?)
}
