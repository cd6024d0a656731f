//! Compiles what has to run before Rust's own runtime does; see streams.c.

fn main() {
    println!("cargo::rerun-if-changed=streams.c");
    if std::env::var_os("CARGO_CFG_UNIX").is_some() {
        // Nothing in Rust calls it, so the linker has to be told to keep it.
        cc::Build::new()
            .file("streams.c")
            .link_lib_modifier("+whole-archive")
            .compile("streams");
    }
}
