//! libFuzzer for challenges of `WWW-Authenticate`: the target `challenge` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("challenge").unwrap().check)(data)
);
