//! Manifests through the gateway: what a registry sends them as does not matter to whom they are sent on.

use onionskin_core::digest::Digest;
use onionskin_core::manifest::media_type::OCI_MANIFEST;
use onionskin_core::reference::Reference;
use onionskin_core::source::registry::http_client;
use onionskin_tests::odd::{Odd, manifest, ok, sound, status};
use onionskin_tests::through_gateway;

/// The client reads each of these from the registry itself.
#[tokio::test]
async fn a_manifest_is_sent_on_as_what_it_is() {
    let padded = format!("\n  {}\n", manifest());
    let unnamed = manifest().replace(
        &format!(r#""mediaType":"{OCI_MANIFEST}","config""#),
        r#""config""#,
    );
    assert!(!unnamed.contains(r#"2,"mediaType""#));
    for (kind, body) in [
        (Some("text/plain; charset=utf-8"), manifest()),
        (Some("application/octet-stream"), manifest()),
        (Some("binary/octet-stream"), padded.clone()),
        (Some("application/json"), unnamed.clone()),
        (
            Some("APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON"),
            manifest(),
        ),
        (
            Some("application/vnd.oci.image.manifest.v1+json;charset=UTF-8"),
            padded,
        ),
        (Some("text/html"), manifest()),
        (Some(""), unnamed.clone()),
        (None, manifest()),
        (None, unnamed),
    ] {
        let digest = Digest::sha256(body.as_bytes()).to_string();
        let said = digest.clone();
        let odd = Odd::new(move |target, _| {
            if !target.contains("/manifests/") {
                return sound(target);
            }
            let mut response = ok(kind.unwrap_or_default(), body.clone());
            let headers = response.headers_mut();
            if kind.is_none() {
                headers.remove("content-type");
            }
            headers.insert("docker-content-digest", said.parse().unwrap());
            response
        })
        .await;
        odd.remote(None).image(None).await.unwrap();
        let (client, gateway) = through_gateway(&[format!("http://{}", odd.address)]).await;
        let reference: Reference = format!("{}/app:1", odd.address).parse().unwrap();
        client.open(&reference).unwrap().image(None).await.unwrap();
        let http = http_client().build().unwrap();
        for tag in ["1", &digest] {
            let url = format!("http://{gateway}/v2/{}/app/manifests/{tag}", odd.address);
            for asked in [http.get(&url), http.head(&url)] {
                let answer = asked.send().await.unwrap();
                assert_eq!(answer.status(), 200, "{kind:?}");
                let headers = answer.headers();
                assert_eq!(headers["content-type"], OCI_MANIFEST, "{kind:?}");
                assert_eq!(headers["docker-content-digest"], digest, "{kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_registry_without_head_is_asked_for_the_whole() {
    let odd = Odd::new(|_, _| status(405, &[], "")).await;
    let (_, gateway) = through_gateway(&[format!("http://{}", odd.address)]).await;
    let url = format!("http://{gateway}/v2/{}/app/manifests/1", odd.address);
    let http = http_client().build().unwrap();
    assert_eq!(http.head(url).send().await.unwrap().status(), 502);
    assert_eq!((odd.count("HEAD "), odd.count("GET ")), (1, 1));
}
