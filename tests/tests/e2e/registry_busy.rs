//! Registries that have too much to do, and when they are asked again.

use std::sync::{Arc, Mutex};

use onionskin_core::reference::Reference;
use onionskin_core::source::registry::http_client;
use onionskin_core::source::{RetryAfter, SourceError};
use onionskin_tests::command::{run, stopped};
use onionskin_tests::odd::{Odd, sound, status};
use onionskin_tests::through_gateway;

#[tokio::test]
async fn busy_registries_say_when_to_come_back() {
    for (headers, expected, text) in [
        (
            &[("retry-after", "30")][..],
            Some(RetryAfter::Seconds(30)),
            "try again in 30 seconds",
        ),
        (
            &[
                ("retry-after", "600"),
                ("ratelimit-limit", "100;w=21600"),
                ("ratelimit-remaining", "0;w=21600"),
            ],
            Some(RetryAfter::Seconds(600)),
            "(it allows 100 pulls in 6 hours, 0 left); try again in 10 minutes",
        ),
        (
            &[("retry-after", "Wed, 25 Nov 2026 07:28:00 GMT")],
            Some(RetryAfter::At("Wed, 25 Nov 2026 07:28:00 GMT".to_owned())),
            "try again after Wed, 25 Nov 2026 07:28:00 GMT",
        ),
        (
            &[("retry-after", "1")],
            Some(RetryAfter::Seconds(1)),
            "try again in 1 second",
        ),
        // What is neither seconds nor a date is not shown.
        (&[("retry-after", "<b>soon</b>")], None, "try again later"),
        (&[("retry-after", "-5")], None, "try again later"),
        (&[], None, "try again later"),
    ] {
        let odd = Odd::new(move |_, _| status(429, headers, "")).await;
        let error = odd.error().await;
        assert!(error.to_string().contains(text), "{error}");
        assert!(!error.to_string().contains("1 seconds"), "{error}");
        let SourceError::TooManyRequests { retry, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(retry, expected);
    }
}

/// An answer that asks to wait, as many times, and then what a sound registry says.
async fn busy(times: usize, code: u16, headers: &'static [(&'static str, &'static str)]) -> Odd {
    let answered = Arc::new(Mutex::new(0));
    Odd::new(move |target, _| {
        let mut answered = answered.lock().unwrap();
        *answered += 1;
        match *answered <= times {
            true => status(code, headers, ""),
            false => sound(target),
        }
    })
    .await
}

#[tokio::test]
async fn a_short_wait_is_waited_for_once_and_said() {
    const DATES: &[(&str, &str)] = &[
        ("date", "Sat, 28 Nov 2026 07:28:00 GMT"),
        ("retry-after", "Sat, 28 Nov 2026 07:28:01 GMT"),
    ];
    for (code, headers) in [
        (429, &[("retry-after", "1")][..]),
        (503, &[("retry-after", "1")]),
        (503, DATES),
    ] {
        let odd = busy(1, code, headers).await;
        let output = run(&["inspect", &format!("{}/app:1", odd.address)]).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(odd.count("/manifests/"), 2, "{errors}");
        let said = format!("answered {code} and asks to wait; trying again in 1 second");
        assert!(errors.contains(&said), "{errors}");
        // A second time it is told.
        let odd = busy(9, code, headers).await;
        let output = run(&["inspect", &format!("{}/app:1", odd.address)]).await;
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(odd.count("/manifests/"), 2);
    }
    // No time is none that could be told.
    let odd = busy(1, 503, &[("retry-after", "0")]).await;
    let output = run(&["inspect", &format!("{}/app:1", odd.address)]).await;
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("asks to wait; trying again\n"), "{errors}");
    // Neither is a long time waited for, nor one that is not named.
    for headers in [&[("retry-after", "120")][..], &[]] {
        let odd = busy(9, 503, headers).await;
        let error = stopped(&["inspect", &format!("{}/app:1", odd.address)]).await;
        assert!(error.contains("is not available"), "{error}");
        assert_eq!(odd.count("/manifests/"), 1, "{error}");
        if !headers.is_empty() {
            assert!(error.contains("try again in 2 minutes"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_registry_that_is_not_available_says_when_to_come_back_through_a_gateway_too() {
    let odd = busy(9, 503, &[("retry-after", "7")]).await;
    let (client, gateway) = through_gateway(&[format!("team=http://{}", odd.address)]).await;
    let url = format!("http://{gateway}/v2/team/app/manifests/1");
    let answer = http_client()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "7");
    let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
    let error = client.open(&reference).unwrap().image(None).await;
    let error = error.unwrap_err();
    let retry = Some(RetryAfter::Seconds(7));
    assert!(
        matches!(&error, SourceError::Unavailable { retry: found, .. } if *found == retry),
        "{error:?}"
    );
}
