//! libFuzzer for files of credentials: the target `credentials` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (onionskin_oracles::target("credentials")
    .unwrap()
    .check)(data));
