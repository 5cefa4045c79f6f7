//! Says what the libhdf5 that is linked has (`hdf5-metno-sys` knows its version), and whether there is Blosc.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Since 1.12 an object is at a token, not at an address.
    println!("cargo::rustc-check-cfg=cfg(hdf5_tokens)");
    if std::env::var_os("DEP_HDF5_VERSION_1_12_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_tokens");
    }
    // Since 1.14 there is a version of the file format of that name, and file drivers (`H5FD_class_t`) are as ours is.
    println!("cargo::rustc-check-cfg=cfg(hdf5_v114)");
    println!("cargo::rustc-check-cfg=cfg(hdf5_drivers)");
    if std::env::var_os("DEP_HDF5_VERSION_1_14_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_v114");
        println!("cargo::rustc-cfg=hdf5_drivers");
    }
    // Since 2.0 reading a chunk as it is stored takes the room that there is for it.
    println!("cargo::rustc-check-cfg=cfg(hdf5_sized_chunks)");
    if std::env::var_os("DEP_HDF5_VERSION_2_0_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_sized_chunks");
    }
    // Since 2.0 there are complex numbers.
    println!("cargo::rustc-check-cfg=cfg(hdf5_complex)");
    if std::env::var_os("DEP_HDF5_VERSION_2_0_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_complex");
    }
    // Where the bundled library was built: it would look for plugins there.
    if let Ok(root) = std::env::var("DEP_HDF5_ROOT") {
        println!("cargo::rustc-env=FILEBACKED_HDF5_ROOT={root}");
    }
    // With any compressor of its own.
    println!("cargo::rustc-check-cfg=cfg(blosc)");
    if ["CARGO_FEATURE_BLOSC_ZSTD", "CARGO_FEATURE_BLOSC_LZ4"].iter().any(|name| std::env::var_os(name).is_some()) {
        println!("cargo::rustc-cfg=blosc");
    }
}
