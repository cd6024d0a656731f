//! libFuzzer for stacks: the target `stack` of onionskin-oracles.

#![no_main]

libfuzzer_sys::fuzz_target!(
    |data: &[u8]| (onionskin_oracles::target("stack").unwrap().check)(data)
);
