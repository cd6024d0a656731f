//! Which hosts and addresses may be contacted for a registry.

use super::*;

fn public() -> reqwest::Client {
    let client = super::super::http_client();
    client.tls_certs_only([]).build().unwrap()
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn hosts(hosts: &[&str]) -> Vec<AllowedHost> {
    hosts.iter().map(|host| host.parse().unwrap()).collect()
}

/// A gateway of these registries and allowed hosts.
fn gateway(registries: &[&str], allowed: &[&str]) -> Guard {
    let registries: Vec<Url> = registries.iter().map(|r| url(r)).collect();
    Guard::of_operator(&registries, hosts(allowed), public())
}

/// The URLs that lead from a registry's root to the last, as a request that follows redirects comes to it.
fn way(guard: &Guard, purpose: Purpose, urls: &[&str]) -> Result<Reach, Refusal> {
    let urls: Vec<Url> = urls.iter().map(|text| url(text)).collect();
    let (registry, last) = (urls.first().unwrap(), urls.last().unwrap());
    let from = urls
        .len()
        .checked_sub(2)
        .and_then(|before| urls.get(before));
    guard.reach(Step {
        url: last,
        registry,
        purpose,
        from: from.filter(|_| purpose == Purpose::Registry),
    })
}

fn redirect(guard: &Guard, urls: &[&str]) -> Result<Reach, Refusal> {
    way(guard, Purpose::Registry, urls)
}

fn realm(guard: &Guard, registry: &str, realm: &str) -> Result<Reach, Refusal> {
    way(guard, Purpose::Token, &[registry, realm])
}

#[test]
fn strangers_have_a_gateway_ask_public_names_over_https_on_443() {
    let guard = gateway(&[], &[]);
    let to = |to| redirect(&guard, &["https://quay.io/", to]);
    assert_eq!(
        to("https://cdn.example.com/blob?signature=1"),
        Ok(Reach::Public)
    );
    assert!(matches!(
        to("http://cdn.example.com/"),
        Err(Refusal::Plain(..))
    ));
    assert!(matches!(
        to("https://cdn.example.com:8443/"),
        Err(Refusal::Port(..))
    ));
    assert!(matches!(
        to("https://user:pass@cdn.example.com/"),
        Err(Refusal::User(_))
    ));
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "169.254.169.254",
        "8.8.8.8",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[2606:4700::1111]",
    ] {
        let url = format!("https://{host}/");
        let refused = redirect(&guard, &["https://quay.io/", &url]);
        assert!(matches!(refused, Err(Refusal::Literal(..))), "{host}");
    }
    // A registry of the public list may not become a private one by its DNS.
    assert_eq!(redirect(&guard, &["https://quay.io/"]), Ok(Reach::Public));
}

#[test]
fn a_named_private_registry_is_reached_by_itself_only() {
    let guard = gateway(
        &[
            "http://127.0.0.1:5000",
            "http://127.0.0.1:5001",
            "https://registry.corp:5000",
            "https://10.1.2.3",
            "https://public.example.com:8443",
        ],
        &[],
    );
    for own in ["http://127.0.0.1:5000/", "https://10.1.2.3/v2/"] {
        assert_eq!(redirect(&guard, &[own]), Ok(Reach::Any));
        assert_eq!(redirect(&guard, &[own, own]), Ok(Reach::Any));
        assert_eq!(realm(&guard, own, own), Ok(Reach::Any));
    }
    for (registry, to) in [
        ("http://127.0.0.1:5000/", "http://127.0.0.1:5001/any/path"),
        ("http://127.0.0.1:5000/", "https://10.1.2.3/"),
        ("http://127.0.0.1:5000/", "http://127.0.0.1/"),
        ("http://127.0.0.1:5000/", "https://127.0.0.1:5000/"),
        ("https://10.1.2.3/", "http://10.1.2.3/"),
        ("https://quay.io/", "http://127.0.0.1:5000/"),
        ("https://quay.io/", "https://10.1.2.3/"),
    ] {
        assert!(redirect(&guard, &[registry, to]).is_err(), "{to}");
        assert!(realm(&guard, registry, to).is_err(), "{to}");
    }
    // Of another's name the addresses have to be public, which is seen when it is resolved.
    for to in [
        "https://registry.corp:5000/",
        "https://public.example.com:8443/",
    ] {
        for registry in ["http://127.0.0.1:5000/", "https://quay.io/"] {
            assert_eq!(redirect(&guard, &[registry, to]), Ok(Reach::Public));
            assert_eq!(realm(&guard, registry, to), Ok(Reach::Public));
        }
    }
    // Nor is it come back to from where it sent to.
    let back = [
        "https://10.1.2.3/",
        "https://cdn.example.com/",
        "https://10.1.2.3/x",
    ];
    assert!(matches!(
        redirect(&guard, &back),
        Err(Refusal::NotPublic(..))
    ));
}

#[test]
fn allowed_hosts_serve_the_registries_that_a_person_named() {
    let store = "http://10.0.0.7:9000";
    let guard = gateway(&["https://registry.corp"], &[store]);
    let own = "https://registry.corp/";
    assert_eq!(redirect(&guard, &[own, store]), Ok(Reach::Any));
    assert_eq!(realm(&guard, own, store), Ok(Reach::Any));
    assert!(guard.allows(&url(store), &url(own)));
    assert!(redirect(&guard, &["https://quay.io/", store]).is_err());
    assert!(!guard.allows(&url(store), &url("https://quay.io/")));
    let by_stranger = [own, "https://cdn.example.com/", store];
    assert!(redirect(&guard, &by_stranger).is_err());

    let guard = Guard::of_user(hosts(&[store]), public());
    assert_eq!(redirect(&guard, &[own, store]), Ok(Reach::Any));
    assert!(redirect(&guard, &[own, "http://10.0.0.7:9001/"]).is_err());
}

#[test]
fn a_registry_that_the_user_named_leads_to_itself_and_to_public_hosts() {
    let guard = Guard::of_user(Vec::new(), public());
    for (registry, to, reach) in [
        (
            "https://registry.corp/",
            "https://registry.corp/x",
            Reach::Any,
        ),
        (
            "https://registry.corp/",
            "https://registry.corp:9000/x",
            Reach::Public,
        ),
        (
            "http://registry.corp/",
            "https://registry.corp/x",
            Reach::Public,
        ),
        (
            "http://127.0.0.1:5000/",
            "http://127.0.0.1:5000/x",
            Reach::Any,
        ),
        // Its address is not public, which is seen when it is resolved.
        (
            "http://127.0.0.1:5000/",
            "http://localhost:5000/x",
            Reach::Public,
        ),
        (
            "https://quay.io/",
            "https://cdn.example.com:8443/",
            Reach::Public,
        ),
        ("https://quay.io/", "https://8.8.8.8/", Reach::Public),
        (
            "https://registry.corp/",
            "https://store.corp/",
            Reach::Public,
        ),
    ] {
        assert_eq!(redirect(&guard, &[registry, to]), Ok(reach), "{to}");
    }
    for to in [
        "http://127.0.0.1:2375/",
        "https://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "https://[::ffff:10.0.0.1]/",
    ] {
        for registry in [
            "https://quay.io/",
            "https://registry.corp/",
            "https://10.0.0.9/",
            "http://127.0.0.1:5000/",
            "http://localhost:2375/",
        ] {
            let refused = redirect(&guard, &[registry, to]);
            assert!(matches!(refused, Err(Refusal::NotPublic(..))), "{to}");
            assert!(realm(&guard, registry, to).is_err(), "{to}");
        }
    }
    for (registry, to) in [
        ("http://127.0.0.1:5000/", "http://127.0.0.1:9000/"),
        ("http://127.0.0.1:5000/", "https://127.0.0.1:5000/"),
        ("http://127.0.0.1:5000/", "http://127.0.0.2:5000/"),
        ("http://127.0.0.1:5000/", "http://[::1]:5000/"),
        ("https://10.0.0.9/", "https://10.0.0.9:9000/"),
    ] {
        let refused = redirect(&guard, &[registry, to]);
        assert!(matches!(refused, Err(Refusal::NotPublic(..))), "{to}");
        let allowed = Guard::of_user(hosts(&[to]), public());
        assert_eq!(redirect(&allowed, &[registry, to]), Ok(Reach::Any), "{to}");
    }
    // Tokens come from the registry's own port, or from the public internet.
    let own = "https://registry.corp:5000/";
    assert_eq!(realm(&guard, own, own), Ok(Reach::Any));
    assert_eq!(
        realm(&guard, own, "https://registry.corp/"),
        Ok(Reach::Public)
    );
}

#[test]
fn a_registry_that_an_image_named_is_public() {
    let guard = Guard::of_image(hosts(&["http://10.0.0.7:5000"]), public());
    assert_eq!(redirect(&guard, &["https://quay.io/"]), Ok(Reach::Public));
    let local = redirect(&guard, &["http://127.0.0.1:5000/"]);
    assert!(matches!(
        local,
        Err(Refusal::NotPublic(_, Remedy::NamedByImage(_)))
    ));
    assert_eq!(redirect(&guard, &["http://10.0.0.7:5000/"]), Ok(Reach::Any));
}

#[test]
fn the_name_of_a_proxy_leads_nowhere_else() {
    let guard = Guard::of_user(Vec::new(), public());
    let guard = guard.behind_proxies(vec!["proxy.corp".to_owned()]);
    let to = redirect(&guard, &["https://quay.io/", "https://proxy.corp/"]);
    assert!(matches!(to, Err(Refusal::NotPublic(..))));
}

#[test]
fn a_message_shows_neither_path_nor_query_nor_credentials() {
    for to in [
        "http://me:secret@store.example.com:81/path?sig=secret",
        "http://store.example.com:81/path?sig=secret",
    ] {
        let refused = redirect(&gateway(&[], &[]), &["https://quay.io/", to]);
        let text = refused.unwrap_err().to_string();
        assert!(
            !text.contains("secret") && text.contains("store.example.com:81"),
            "{text}"
        );
    }
}

/// Nobody is led to allow what gives a machine's credentials away.
#[test]
fn a_refusal_says_what_would_allow_it() {
    let user = Guard::of_user(Vec::new(), public());
    let gateway = gateway(&["https://registry.corp"], &[]);
    let (corp, quay) = ("https://registry.corp/", "https://quay.io/");
    for (guard, urls, says) in [
        (
            &user,
            &[quay, "https://10.0.0.1:81/x"][..],
            "with --allow-host 10.0.0.1:81",
        ),
        (
            &user,
            &[corp, "http://10.0.0.1/x"],
            "with --allow-host http://10.0.0.1",
        ),
        (
            &user,
            &[quay, "http://169.254.169.254/x"],
            "registries do not use such addresses",
        ),
        (
            &user,
            &[quay, "http://[fd00:ec2::254]/x"],
            "registries do not use such addresses",
        ),
        (
            &user,
            &[quay, "http://[::ffff:169.254.169.254]/x"],
            "registries do not use such addresses",
        ),
        (
            &gateway,
            &[corp, "https://10.0.0.1/x"],
            "with --allow-host 10.0.0.1",
        ),
        (
            &gateway,
            &[quay, "https://10.0.0.1/x"],
            "with --registry quay.io --allow-host 10.0.0.1",
        ),
    ] {
        let refused = redirect(guard, urls).unwrap_err().to_string();
        assert!(refused.ends_with(says), "{refused}");
    }
    let own = Step {
        url: &url(quay),
        registry: &url(quay),
        purpose: Purpose::Registry,
        from: None,
    };
    let refused = gateway.not_public(own).to_string();
    assert!(refused.ends_with("with --registry quay.io"), "{refused}");
}
