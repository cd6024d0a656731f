//! libFuzzer for configurations: the target `config` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("config").unwrap().check)(data)
);
