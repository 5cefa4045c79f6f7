//! Element types, and conversions between them.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::ptr;

use hdf5_sys::h5i::hid_t;
use hdf5_sys::h5t::{H5T_class_t, H5T_cset_t, H5T_norm_t, H5T_pers_t, H5T_sign_t, H5T_str_t};

use super::super::dtype::StringPadding;
use super::super::{Id, call, call_modifying, failure, locked};
use super::c::{self, DEFAULT, Name, RANK, padded};
use super::{Convert, unknown, variant};
use crate::ground::error::{Error, ErrorKind, Result};

/// A type of that class and size.
pub(in crate::h5) fn create(what: &str, class: H5T_class_t, size: usize) -> Result<Id> {
    Id::own(what, || c::H5Tcreate(class, size))
}

/// A copy of a type, which can be changed.
pub(in crate::h5) fn copy(what: &str, dtype: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Tcopy(dtype))
}

/// How a named type was made.
pub(in crate::h5) fn get_create_plist(what: &str, dtype: &Id) -> Result<Id> {
    Id::own(what, || c::H5Tget_create_plist(dtype.get()))
}

/// Makes a type an object of a file, which no link leads to.
pub(in crate::h5) fn commit_anon(what: &str, place: hid_t, dtype: &Id, list: &Id) -> Result<()> {
    call_modifying(what, || c::H5Tcommit_anon(place, dtype.get(), list.get(), DEFAULT)).map(drop)
}

/// A type of sequences.
pub(in crate::h5) fn create_vlen(what: &str, base: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Tvlen_create(base))
}

/// An enum without members.
pub(in crate::h5) fn create_enum(what: &str, base: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Tenum_create(base))
}

/// An array type.
pub(in crate::h5) fn create_array(what: &str, base: hid_t, dims: &[u64]) -> Result<Id> {
    // libhdf5 refuses more dimensions than there is room for.
    let rank = c_uint::try_from(dims.len()).unwrap_or(c_uint::MAX);
    Id::own(what, || c::H5Tarray_create2(base, rank, &padded(dims)))
}

/// A complex type of HDF5's own.
#[cfg(hdf5_complex)]
pub(in crate::h5) fn create_complex(what: &str, base: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Tcomplex_create(base))
}

/// An opaque type that says by its tag what it is.
pub(in crate::h5) fn create_opaque(size: usize, tag: &CStr) -> Result<Id> {
    let id = create("create an opaque type", H5T_class_t::H5T_OPAQUE, size)?;
    call("name an opaque type", || c::H5Tset_tag(id.get(), tag.into()))?;
    Ok(id)
}

/// Adds a field to a compound type.
pub(in crate::h5) fn insert(what: &str, dtype: &Id, name: &CStr, offset: usize, field: hid_t) -> Result<()> {
    call(what, || c::H5Tinsert(dtype.get(), name.into(), offset, field)).map(drop)
}

/// Adds a member to an enum. The value has as many bytes as the type.
pub(in crate::h5) fn insert_member(what: &str, dtype: &Id, name: &CStr, value: &[u8]) -> Result<()> {
    locked(|| {
        if size(dtype.get()) > value.len() {
            return Err(Error::new(ErrorKind::Hdf5, format!("HDF5 could not {what}: the value is too short")));
        }
        // SAFETY: at least as many bytes as a value of the type has.
        call(what, || unsafe { c::H5Tenum_insert(dtype.get(), name.into(), value.as_ptr().cast()) }).map(drop)
    })
}

/// How the bits of a number are laid out, from the least significant one on: where the sign is, and where exponent and mantissa
/// begin and how many bits they have.
pub(in crate::h5) struct FloatBits {
    pub(in crate::h5) size: usize,
    pub(in crate::h5) precision: usize,
    pub(in crate::h5) sign: usize,
    pub(in crate::h5) exponent: (usize, usize),
    pub(in crate::h5) mantissa: (usize, usize),
    pub(in crate::h5) bias: usize,
}

/// How floats of a type are laid out.
pub(in crate::h5) fn float_bits(what: &str, dtype: &Id) -> Result<FloatBits> {
    let dtype = dtype.get();
    let (mut sign, mut exponent, mut mantissa) = (0, (0, 0), (0, 0));
    call(what, || {
        c::H5Tget_fields(dtype, &mut sign, &mut exponent.0, &mut exponent.1, &mut mantissa.0, &mut mantissa.1)
    })?;
    let (precision, bias) = locked(|| (c::H5Tget_precision(dtype), c::H5Tget_ebias(dtype)));
    Ok(FloatBits { size: size(dtype), precision, sign, exponent, mantissa, bias })
}

/// Has floats of a type laid out so.
pub(in crate::h5) fn set_float_bits(what: &str, dtype: &Id, bits: &FloatBits, norm: H5T_norm_t) -> Result<()> {
    let id = dtype.get();
    let FloatBits { size, precision, sign, exponent, mantissa, bias } = *bits;
    let set_size =
        || call(what, || c::H5Tset_size(id, size)).and_then(|_| call(what, || c::H5Tset_precision(id, precision)));
    let set_fields = || call(what, || c::H5Tset_fields(id, sign, exponent.0, exponent.1, mantissa.0, mantissa.1));
    // The fields must have room at any time.
    match size < self::size(id) {
        true => {
            set_fields().and_then(|_| call(what, || c::H5Tset_precision(id, precision))).and_then(|_| set_size())?
        }
        false => set_size().and_then(|_| set_fields())?,
    };
    call(what, || c::H5Tset_ebias(id, bias))?;
    call(what, || c::H5Tset_norm(id, norm)).map(drop)
}

/// Has integers of a type have so many bytes, all of whose bits count.
pub(in crate::h5) fn set_integer(what: &str, dtype: &Id, size: usize, sign: H5T_sign_t) -> Result<()> {
    call(what, || c::H5Tset_size(dtype.get(), size))?;
    call(what, || c::H5Tset_precision(dtype.get(), 8 * size))?;
    call(what, || c::H5Tset_sign(dtype.get(), sign)).map(drop)
}

/// Has strings of a type be such. The size `H5T_VARIABLE` is a length of its own for each string.
pub(in crate::h5) fn set_string(
    what: &str,
    dtype: &Id,
    size: usize,
    padding: H5T_str_t,
    charset: H5T_cset_t,
) -> Result<()> {
    call(what, || {
        let status = c::H5Tset_size(dtype.get(), size);
        let status = if status < 0 { status } else { c::H5Tset_strpad(dtype.get(), padding) };
        if status < 0 { status } else { c::H5Tset_cset(dtype.get(), charset) }
    })
    .map(drop)
}

/// Bytes of an item; 0 where that fails.
#[inline]
pub(in crate::h5) fn size(dtype: hid_t) -> usize {
    locked(|| c::H5Tget_size(dtype))
}

/// The class of an element type; `None` for one that is not known here, such as those that later versions of libhdf5 add.
pub(in crate::h5) fn class(dtype: hid_t) -> Result<Option<H5T_class_t>> {
    let number = call("look into an element type", || c::H5Tget_class(dtype))?;
    #[cfg(hdf5_complex)]
    if number == H5T_class_t::H5T_COMPLEX as c_int {
        return Ok(Some(H5T_class_t::H5T_COMPLEX));
    }
    Ok(variant!(
        number,
        H5T_class_t: H5T_INTEGER, H5T_FLOAT, H5T_TIME, H5T_STRING, H5T_BITFIELD, H5T_OPAQUE, H5T_COMPOUND, H5T_REFERENCE,
        H5T_ENUM, H5T_VLEN, H5T_ARRAY,
    ))
}

/// Whether integers of the type have a sign.
pub(in crate::h5) fn is_signed(dtype: hid_t) -> Result<bool> {
    let number = call("look into an integer type", || c::H5Tget_sign(dtype))?;
    let sign = variant!(number, H5T_sign_t: H5T_SGN_NONE, H5T_SGN_2)
        .ok_or_else(|| unknown("an integer type of a sign", number))?;
    Ok(sign == H5T_sign_t::H5T_SGN_2)
}

/// Whether a string type says UTF-8. The other sets are ASCII, and numbers that HDF5 has reserved.
pub(in crate::h5) fn is_utf8(dtype: hid_t) -> Result<bool> {
    let number = call("look into a string type", || c::H5Tget_cset(dtype))?;
    Ok(number == H5T_cset_t::H5T_CSET_UTF8 as c_int)
}

/// How strings of a string type end.
pub(in crate::h5) fn padding(dtype: hid_t) -> Result<StringPadding> {
    let number = call("look into a string type", || c::H5Tget_strpad(dtype))?;
    match variant!(number, H5T_str_t: H5T_STR_NULLTERM, H5T_STR_NULLPAD, H5T_STR_SPACEPAD) {
        Some(H5T_str_t::H5T_STR_NULLTERM) => Ok(StringPadding::NullTerminated),
        Some(H5T_str_t::H5T_STR_SPACEPAD) => Ok(StringPadding::SpacePadded),
        Some(_) => Ok(StringPadding::NullPadded),
        None => Err(unknown("a string type of a padding", number)),
    }
}

/// How a float type normalizes the mantissa; `None` for a way that is not known here.
pub(in crate::h5) fn norm(dtype: hid_t) -> Result<Option<H5T_norm_t>> {
    let number = call("look into a float type", || c::H5Tget_norm(dtype))?;
    Ok(variant!(number, H5T_norm_t: H5T_NORM_IMPLIED, H5T_NORM_MSBSET, H5T_NORM_NONE))
}

/// Whether a type is one of strings of variable length.
pub(in crate::h5) fn is_variable_string(what: &str, dtype: hid_t) -> Result<bool> {
    Ok(call(what, || c::H5Tis_variable_str(dtype))? > 0)
}

/// The type below an enum, a sequence or an array.
pub(in crate::h5) fn super_type(what: &str, dtype: hid_t) -> Result<Id> {
    Id::own(what, || c::H5Tget_super(dtype))
}

/// How many members a compound type or an enum has.
pub(in crate::h5) fn member_count(what: &str, dtype: hid_t) -> Result<u32> {
    let count = call(what, || c::H5Tget_nmembers(dtype))?;
    Ok(u32::try_from(count).unwrap_or(0))
}

/// The type of a member of a compound type.
pub(in crate::h5) fn member_type(what: &str, dtype: hid_t, index: u32) -> Result<Id> {
    Id::own(what, || c::H5Tget_member_type(dtype, index))
}

/// Where a member of a compound type is in it; 0 also where the library finds none.
pub(in crate::h5) fn member_offset(dtype: hid_t, index: u32) -> usize {
    locked(|| c::H5Tget_member_offset(dtype, index))
}

/// Takes over a C string that the library allocated.
///
/// # Safety
/// `text` is such a string, which nobody else frees, or null.
unsafe fn take_text(what: &str, text: *mut c_char) -> Result<CString> {
    if text.is_null() {
        return Err(failure(what));
    }
    // SAFETY: as the caller promises. It is not used after it is freed.
    unsafe {
        let owned = CStr::from_ptr(text).to_owned();
        c::H5free_memory(text.cast());
        Ok(owned)
    }
}

/// The name of a member of a compound type or an enum.
pub(in crate::h5) fn member_name(what: &str, dtype: hid_t, index: u32) -> Result<CString> {
    // SAFETY: the string is the caller's to free.
    locked(|| unsafe { take_text(what, c::H5Tget_member_name(dtype, index)) })
}

/// The tag of an opaque type.
pub(in crate::h5) fn tag(what: &str, dtype: hid_t) -> Result<CString> {
    // SAFETY: the string is the caller's to free.
    locked(|| unsafe { take_text(what, c::H5Tget_tag(dtype)) })
}

/// The value of a member of an enum, of as many bytes as the type has.
pub(in crate::h5) fn member_value(what: &str, dtype: hid_t, index: u32) -> Result<[u8; 8]> {
    locked(|| {
        let mut value = [0; 8];
        if size(dtype) > value.len() {
            return Err(Error::corrupt("an enum whose values are of another size than they were"));
        }
        // SAFETY: there is room for a value of the type.
        call(what, || unsafe { c::H5Tget_member_value(dtype, index, value.as_mut_ptr().cast()) })?;
        Ok(value)
    })
}

/// The dimensions of an array type.
pub(in crate::h5) fn array_dims(what: &str, dtype: hid_t) -> Result<Vec<u64>> {
    locked(|| {
        let rank = call(what, || c::H5Tget_array_ndims(dtype))?;
        let mut dims = [0; RANK];
        call(what, || c::H5Tget_array_dims2(dtype, &mut dims))?;
        Ok(dims[..usize::try_from(rank).unwrap_or(0).min(RANK)].to_vec())
    })
}

/// Whether two types are the same.
pub(in crate::h5) fn is_equal(what: &str, one: hid_t, other: hid_t) -> Result<bool> {
    Ok(call(what, || c::H5Tequal(one, other))? > 0)
}

/// Whether a type is an object of its file.
pub(in crate::h5) fn is_named(what: &str, dtype: &Id) -> Result<bool> {
    Ok(call(what, || c::H5Tcommitted(dtype.get()))? > 0)
}

/// Whether a type is of that class, or has a part that is.
pub(in crate::h5) fn has_class(what: &str, dtype: &Id, class: H5T_class_t) -> Result<bool> {
    Ok(call(what, || c::H5Tdetect_class(dtype.get(), class))? > 0)
}

/// The type as libhdf5 writes it down.
pub(in crate::h5) fn encode(what: &str, dtype: &Id) -> Result<Vec<u8>> {
    locked(|| {
        let mut size = 0;
        // SAFETY: the address of a number, and no buffer.
        call(what, || unsafe { c::H5Tencode(dtype.get(), ptr::null_mut(), &raw mut size) })?;
        let mut code = vec![0u8; size];
        // SAFETY: a buffer, and the address of its size.
        call(what, || unsafe { c::H5Tencode(dtype.get(), code.as_mut_ptr().cast(), &raw mut size) })?;
        Ok(code)
    })
}

/// The type that libhdf5 wrote down.
///
/// # Safety
/// [`encode`] gave these bytes: libhdf5 before 2.0 does not ask how many they are.
pub(in crate::h5) unsafe fn decode(what: &str, code: &[u8]) -> Result<Id> {
    #[cfg(hdf5_complex)]
    // SAFETY: as many bytes as are said.
    return Id::own(what, || unsafe { c::H5Tdecode2(code.as_ptr().cast(), code.len()) });
    #[cfg(not(hdf5_complex))]
    // SAFETY: as the caller promises.
    return Id::own(what, || unsafe { c::H5Tdecode1(code.as_ptr().cast()) });
}

/// Makes `count` items of one type items of another, in their place; compounds are converted over what is in `background`.
///
/// # Safety
/// `items` begin with so many items of the type `from`. What their addresses lead to, if they have any, is there.
pub(in crate::h5) unsafe fn convert(
    what: &str,
    (from, to): (hid_t, hid_t),
    count: usize,
    items: &mut [u8],
    background: Option<&mut [u8]>,
) -> Result<()> {
    locked(|| {
        let has_room = |bytes: &[u8], size: usize| count.checked_mul(size).is_some_and(|size| size <= bytes.len());
        let (old, new) = (size(from), size(to));
        if !has_room(items, old.max(new)) || background.as_deref().is_some_and(|bytes| !has_room(bytes, new)) {
            return Err(Error::new(ErrorKind::Hdf5, format!("HDF5 could not {what}: there is no room for them")));
        }
        let background = background.map_or(ptr::null_mut(), |bytes| bytes.as_mut_ptr().cast::<c_void>());
        // SAFETY: as the caller promises, and there is room for as many items of either type, as was looked at.
        call(what, || unsafe { c::H5Tconvert(from, to, count, items.as_mut_ptr().cast(), background, DEFAULT) })
            .map(drop)
    })
}

/// Makes a conversion known to libhdf5 for as long as that runs, for all types of the classes that these two have.
///
/// # Safety
/// `convert` keeps to what libhdf5 expects of a conversion.
pub(in crate::h5) unsafe fn register(what: &str, name: &CStr, from: &Id, to: &Id, convert: Convert) -> Result<()> {
    let soft = H5T_pers_t::H5T_PERS_SOFT as c_int;
    // SAFETY: as the caller promises.
    call(what, || unsafe { c::H5Tregister(soft, Name::from(name), from.get(), to.get(), Some(convert)) }).map(drop)
}
