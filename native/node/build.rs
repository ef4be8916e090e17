//! Turns the target platform into the linker arguments that a Node-API addon needs there.
use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let arguments: &[&str] = match os.as_str() {
        // Node unloads an addon when the last environment that loaded it ends (a worker's, say), while C may still hold
        // the address of one of our functions: the mapping stays until the process ends.
        "linux" => &["-Wl,-z,nodelete"],
        // Node-API's symbols are found in the running process.
        "macos" => &["-Wl,-undefined,dynamic_lookup"],
        _ => &[],
    };
    for argument in arguments {
        println!("cargo::rustc-cdylib-link-arg={argument}");
    }
}
