//! libFuzzer for hosts and addresses: the target `guard` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("guard").unwrap().check)(data)
);
