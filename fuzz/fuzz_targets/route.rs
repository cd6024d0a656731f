//! libFuzzer for paths of the gateway: the target `route` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("route").unwrap().check)(data)
);
