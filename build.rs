//! Says what the libhdf5 that is linked has; `hdf5-metno-sys` knows its version.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Since 1.12 an object is at a token, not at an address.
    println!("cargo::rustc-check-cfg=cfg(hdf5_tokens)");
    if std::env::var_os("DEP_HDF5_VERSION_1_12_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_tokens");
    }
    // What a file driver is, `H5FD_class_t`, depends on the version: ours is that since 1.14.
    println!("cargo::rustc-check-cfg=cfg(hdf5_drivers)");
    if std::env::var_os("DEP_HDF5_VERSION_1_14_0").is_some() {
        println!("cargo::rustc-cfg=hdf5_drivers");
    }
}
