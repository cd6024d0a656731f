//! The published forms of secrets, and secrets made in them.

use onionskin_fixtures::seeded;

pub(crate) const DIGIT: &str = "0123456789";
pub(crate) const HEX: &str = "0123456789abcdef";
pub(crate) const UPPER_DIGIT: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(crate) const LOWER_DIGIT: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
pub(crate) const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub(crate) const BECH32: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
pub(crate) const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub(crate) const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(crate) const URL64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A part of a form: letters as they are, or so many of an alphabet.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Is(&'static str),
    Of(&'static str, usize),
    /// Six letters: the CRC-32 of the letters before them in Base62.
    Sum,
}
pub(crate) use Part::{Is, Of, Sum};

/// The forms as their makers publish them, each cut so that no form stands in this file.
pub(crate) const FORMS: &[(&str, &[Part])] = &[
    ("aws-access-key-id", &[Is("AK"), Is("IA"), Of(BASE32, 16)]),
    (
        "aws-access-key-id",
        &[Is("AS"), Is("IA"), Of(UPPER_DIGIT, 16)],
    ),
    ("gcp-api-key", &[Is("AI"), Is("za"), Of(URL64, 35)]),
    ("gcp-oauth-secret", &[Is("GOC"), Is("SPX-"), Of(URL64, 28)]),
    ("digitalocean-token", &[Is("dop"), Is("_v1_"), Of(HEX, 64)]),
    ("digitalocean-token", &[Is("doo"), Is("_v1_"), Of(HEX, 64)]),
    ("github-token", &[Is("gh"), Is("p_"), Of(ALNUM, 30), Sum]),
    ("github-token", &[Is("gh"), Is("o_"), Of(ALNUM, 30), Sum]),
    ("github-token", &[Is("gh"), Is("s_"), Of(ALNUM, 30), Sum]),
    ("github-token", &[Is("gh"), Is("r_"), Of(ALNUM, 70), Sum]),
    (
        "github-fine-grained-token",
        &[
            Is("github"),
            Is("_pat_"),
            Of(ALNUM, 22),
            Is("_"),
            Of(ALNUM, 59),
        ],
    ),
    ("gitlab-token", &[Is("gl"), Is("pat-"), Of(URL64, 20)]),
    ("gitlab-token", &[Is("gl"), Is("dt-"), Of(URL64, 20)]),
    ("gitlab-token", &[Is("gl"), Is("ptt-"), Of(HEX, 40)]),
    ("npm-token", &[Is("np"), Is("m_"), Of(ALNUM, 30), Sum]),
    (
        "docker-hub-token",
        &[Is("dckr"), Is("_pat_"), Of(URL64, 27)],
    ),
    (
        "slack-token",
        &[
            Is("xo"),
            Is("xb-"),
            Of(DIGIT, 12),
            Is("-"),
            Of(DIGIT, 13),
            Is("-"),
            Of(ALNUM, 24),
        ],
    ),
    (
        "slack-token",
        &[
            Is("xa"),
            Is("pp-1-A"),
            Of(UPPER_DIGIT, 10),
            Is("-"),
            Of(DIGIT, 13),
            Is("-"),
            Of(HEX, 64),
        ],
    ),
    (
        "slack-webhook",
        &[
            Is("https://hooks.slack"),
            Is(".com/services/T"),
            Of(UPPER_DIGIT, 10),
            Is("/B"),
            Of(UPPER_DIGIT, 10),
            Is("/"),
            Of(ALNUM, 24),
        ],
    ),
    ("stripe-key", &[Is("sk"), Is("_live_"), Of(ALNUM, 24)]),
    ("stripe-key", &[Is("rk"), Is("_live_"), Of(ALNUM, 99)]),
    ("twilio-key", &[Is("S"), Is("K"), Of(HEX, 32)]),
    (
        "sendgrid-key",
        &[Is("S"), Is("G."), Of(URL64, 22), Is("."), Of(URL64, 43)],
    ),
    (
        "openai-key",
        &[
            Is("sk"),
            Is("-"),
            Of(ALNUM, 20),
            Is("T3Blbk"),
            Is("FJ"),
            Of(ALNUM, 20),
        ],
    ),
    (
        "openai-key",
        &[
            Is("sk"),
            Is("-proj-"),
            Of(URL64, 74),
            Is("T3Blbk"),
            Is("FJ"),
            Of(URL64, 74),
        ],
    ),
    (
        "anthropic-key",
        &[Is("sk"), Is("-ant-api03-"), Of(URL64, 93), Is("AA")],
    ),
    ("hugging-face-token", &[Is("h"), Is("f_"), Of(ALNUM, 34)]),
    ("vault-token", &[Is("hv"), Is("s."), Of(URL64, 95)]),
    ("vault-token", &[Is("hv"), Is("s."), Of(ALNUM, 24)]),
    (
        "terraform-cloud-token",
        &[Of(ALNUM, 14), Is(".atlas"), Is("v1."), Of(ALNUM, 67)],
    ),
    ("heroku-key", &[Is("HR"), Is("KU-AA"), Of(URL64, 58)]),
    ("shopify-token", &[Is("shp"), Is("at_"), Of(HEX, 32)]),
    ("shopify-token", &[Is("shp"), Is("ss_"), Of(HEX, 32)]),
    ("square-token", &[Is("sq0"), Is("atp-"), Of(URL64, 22)]),
    ("square-token", &[Is("sq0"), Is("csp-"), Of(URL64, 43)]),
    (
        "discord-webhook",
        &[
            Is("https://discord"),
            Is(".com/api/webhooks/"),
            Of(DIGIT, 18),
            Is("/"),
            Of(URL64, 68),
        ],
    ),
    (
        "telegram-bot-token",
        &[Of(DIGIT, 10), Is(":A"), Is("A"), Of(URL64, 33)],
    ),
    ("mailgun-key", &[Is("ke"), Is("y-"), Of(HEX, 32)]),
    ("mailchimp-key", &[Of(HEX, 32), Is("-u"), Is("s12")]),
    (
        "brevo-key",
        &[Is("xkey"), Is("sib-"), Of(HEX, 64), Is("-"), Of(ALNUM, 16)],
    ),
    ("databricks-token", &[Is("da"), Is("pi"), Of(HEX, 32)]),
    (
        "grafana-token",
        &[Is("gl"), Is("sa_"), Of(ALNUM, 32), Is("_"), Of(HEX, 8)],
    ),
    ("new-relic-key", &[Is("NR"), Is("AK-"), Of(UPPER_DIGIT, 27)]),
    ("sentry-token", &[Is("sntr"), Is("yu_"), Of(HEX, 64)]),
    ("linear-key", &[Is("lin"), Is("_api_"), Of(ALNUM, 40)]),
    (
        "postman-key",
        &[Is("PM"), Is("AK-"), Of(HEX, 24), Is("-"), Of(HEX, 34)],
    ),
    ("artifactory-key", &[Is("AK"), Is("Cp"), Of(ALNUM, 69)]),
    (
        "age-secret-key",
        &[Is("AGE-SECRET"), Is("-KEY-1"), Of(BECH32, 58)],
    ),
    ("rubygems-key", &[Is("ruby"), Is("gems_"), Of(HEX, 48)]),
    (
        "notion-token",
        &[Is("nt"), Is("n_"), Of(DIGIT, 11), Of(ALNUM, 35)],
    ),
    ("pulumi-token", &[Is("pu"), Is("l-"), Of(HEX, 40)]),
    ("doppler-token", &[Is("dp"), Is(".pt."), Of(ALNUM, 43)]),
    ("figma-token", &[Is("fi"), Is("gd_"), Of(URL64, 40)]),
    ("atlassian-token", &[Is("ATA"), Is("TT3"), Of(URL64, 186)]),
    ("nuget-key", &[Is("oy"), Is("2"), Of(LOWER_DIGIT, 43)]),
    (
        "dynatrace-token",
        &[
            Is("dt0"),
            Is("c01."),
            Of(BASE32, 24),
            Is("."),
            Of(BASE32, 64),
        ],
    ),
    (
        "circleci-token",
        &[Is("CCI"), Is("PAT_"), Of(ALNUM, 22), Is("_"), Of(HEX, 40)],
    ),
    (
        "azure-devops-token",
        &[Of(ALNUM, 76), Is("AZ"), Is("DO"), Of(ALNUM, 4)],
    ),
    (
        "azure-client-secret",
        &[Of(ALNUM, 3), Is("8Q"), Is("~"), Of(URL64, 31)],
    ),
    (
        "pypi-token",
        &[Is("pypi-AgEI"), Is("cHlwaS5vcmc"), Of(URL64, 150)],
    ),
    ("openshift-token", &[Is("sha"), Is("256~"), Of(URL64, 43)]),
    (
        "alibaba-access-key-id",
        &[Is("LT"), Is("AI"), Of(ALNUM, 20)],
    ),
    ("clojars-token", &[Is("CLO"), Is("JARS_"), Of(HEX, 60)]),
    ("supabase-token", &[Is("sb"), Is("p_"), Of(HEX, 40)]),
    ("replicate-token", &[Is("r"), Is("8_"), Of(ALNUM, 37)]),
    ("groq-key", &[Is("gs"), Is("k_"), Of(ALNUM, 52)]),
    (
        "langsmith-key",
        &[Is("lsv"), Is("2_pt_"), Of(HEX, 32), Is("_"), Of(HEX, 10)],
    ),
    ("sourcegraph-token", &[Is("sg"), Is("p_"), Of(HEX, 40)]),
    ("shippo-token", &[Is("shippo"), Is("_live_"), Of(HEX, 40)]),
    ("easypost-key", &[Is("EZ"), Is("AK"), Of(ALNUM, 54)]),
    (
        "braintree-token",
        &[
            Is("access_token$"),
            Is("production$"),
            Of(LOWER_DIGIT, 16),
            Is("$"),
            Of(HEX, 32),
        ],
    ),
];

/// Forms that are known by the words before them: those, what closes them, and the secret.
pub(crate) const NAMED: &[(&str, &str, &[Part], &str)] = &[
    (
        "aws-secret-access-key",
        "aws_secret_access_key = ",
        &[Of(BASE64, 40)],
        "\n",
    ),
    (
        "aws-secret-access-key",
        "\"SecretAccessKey\": \"",
        &[Of(BASE64, 40)],
        "\"",
    ),
    (
        "azure-storage-key",
        "AccountName=a;AccountKey=",
        &[Of(BASE64, 86), Is("==")],
        ";EndpointSuffix=x",
    ),
    (
        "airtable-token",
        "AIRTABLE_KEY=",
        &[Is("pat"), Of(ALNUM, 14), Is("."), Of(HEX, 64)],
        "\n",
    ),
    (
        "wireguard-key",
        "[Interface]\nPrivateKey = ",
        &[Of(BASE64, 42), Is("E=")],
        "\n",
    ),
];

pub(crate) fn letters(seed: u64, alphabet: &str, n: usize) -> String {
    let letters = alphabet.as_bytes();
    // Never one after itself, so that no run of it looks typed.
    let mut last = usize::MAX;
    let one = |byte: &u8| {
        let mut at = usize::from(*byte) % letters.len();
        if at == last {
            at = (at + 1) % letters.len();
        }
        last = at;
        char::from(letters[at])
    };
    seeded(seed ^ 0x7365_6372, n).iter().map(one).collect()
}

/// The CRC-32 of letters in six of Base62, worked out bit by bit.
fn sum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut rest = !crc as usize;
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[rest % 62];
        rest /= 62;
    }
    String::from_utf8(digits.to_vec()).unwrap()
}

pub(crate) fn made(seed: u64, form: &[Part]) -> String {
    let mut out = String::new();
    let mut random = String::new();
    for (at, part) in (0..).zip(form) {
        match part {
            Is(text) => out.push_str(text),
            Of(alphabet, n) => {
                random = letters(seed * 100 + at, alphabet, *n);
                out.push_str(&random);
            }
            Sum => out.push_str(&sum(&random)),
        }
    }
    out
}
