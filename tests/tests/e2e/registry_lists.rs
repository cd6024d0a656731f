//! Lists of tags and repositories, page by page, however registries write them.

use onionskin_core::source::registry::Pages;
use onionskin_gateway::GatewayOptions;
use onionskin_tests::command::{printed, run};
use onionskin_tests::odd::{Odd, ok, status};
use onionskin_tests::{serving, through_gateway};

/// RFC 8288; each is how a real registry or its proxy writes it. `{list}` is the path of the list.
const LINKS: &[&[&str]] = &[
    &["<{list}?last=b>; rel=\"next\""],
    &["<{list}?last=b>;rel=next"],
    &["<{list}?last=b> ; REL = \"prev Next\""],
    &["<{list}?n=1>; rel=first, <{list}?last=b>; title=\"a, <b>; c\"; rel=next"],
    &[
        "<{list}?n=1>; rel=\"first\"",
        "<{list}?last=b>; rel=\"next\"",
    ],
    &["<https://registry.internal:8443{list}?last=b>; rel=\"next\""],
    &["<http://169.254.169.254{list}?last=b>; rel=\"next\""],
    &["<https://inner/artifactory/api/docker/team{list}?last=b>; rel=\"next\""],
    // Not as they should be, and plain all the same.
    &["<{list}?last=b; rel=\"next\""],
    &["<{list}?last=b> rel=\"next\""],
    &["</x>; rel=\"prev\" <{list}?last=b>; title=\"x\" rel=\"next\""],
];

/// A registry whose list `path` has three pages, of which the second is empty, with these `Link` fields. `prefixed` is
/// whether it knows its list under the prefix that some links have.
async fn paged(key: &'static str, links: &'static [&'static str], prefixed: bool) -> Odd {
    Odd::new(move |target, _| {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let list = path.trim_start_matches("/artifactory/api/docker/team");
        if list != path && !prefixed {
            return status(404, &[], "<html>no</html>");
        }
        let (names, next) = match query {
            "" => (r#"["a","b"]"#, Some("last=b")),
            "last=b" => ("null", Some("last=c")),
            "last=c" => (r#"["d"]"#, None),
            _ => return status(400, &[], ""),
        };
        let mut response = ok("application/json", format!(r#"{{"{key}":{names}}}"#));
        for link in next.map_or(&[][..], |_| links) {
            let link = link.replace("{list}", list);
            let link = link.replace("last=b", next.unwrap_or_default());
            response.headers_mut().append("link", link.parse().unwrap());
        }
        response
    })
    .await
}

#[tokio::test]
async fn lists_are_read_to_their_end_however_the_next_page_is_named() {
    for links in LINKS {
        for prefixed in [true, false] {
            let odd = paged("tags", links, prefixed).await;
            let repository = format!("{}/app", odd.address);
            let tags = run(&["tags", &repository]).await;
            let errors = String::from_utf8_lossy(&tags.stderr);
            assert_eq!(tags.stdout, b"a\nb\nd\n", "{links:?}: {errors}");
            assert!(tags.status.success(), "{links:?}: {errors}");
            // A gateway's client goes on at the gateway.
            let (client, _) = through_gateway(&[format!("http://{}", odd.address)]).await;
            let remote = client.open(&repository.parse().unwrap()).unwrap();
            let (mut pages, mut next, mut all) = (Pages::default(), None, Vec::new());
            loop {
                let page = remote.tags(next.as_deref()).await.unwrap();
                all.extend(page.tags);
                next = pages.follow("x", page.next).unwrap();
                if next.is_none() {
                    break;
                }
            }
            assert_eq!(all, ["a", "b", "d"], "{links:?}");

            let odd = paged("repositories", links, prefixed).await;
            let listed = run(&["repositories", &odd.address]).await;
            assert_eq!(listed.stdout, b"a\nb\nd\n", "{links:?}");
        }
    }
}

#[tokio::test]
async fn a_list_that_is_not_complete_is_no_success() {
    for link in [
        // Round and round.
        "<?last=b>; rel=\"next\"",
        "<?>; rel=\"next\"",
        // To something else.
        "</login>; rel=\"next\"",
        "<ftp://x/v2/app/tags/list?last=b>; rel=\"next\"",
        // To what nobody can read.
        "<?last=b>; rel:next",
        "rel=\"next\"",
    ] {
        let odd = Odd::new(move |_, _| {
            let mut response = ok("application/json", r#"{"tags":["a"]}"#);
            response.headers_mut().insert("link", link.parse().unwrap());
            response
        })
        .await;
        let repository = format!("{}/app", odd.address);
        let output = run(&["tags", &repository]).await;
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{link}: {errors}");
        assert!(errors.contains("is not complete"), "{link}: {errors}");
    }
    // A page that fails after others came.
    let odd = Odd::new(|target, _| match target.contains('?') {
        true => status(500, &[], ""),
        false => {
            let mut response = ok("application/json", r#"{"tags":["a"]}"#);
            let link = "<?last=a>; rel=next".parse().unwrap();
            response.headers_mut().insert("link", link);
            response
        }
    })
    .await;
    let output = run(&["tags", &format!("{}/app", odd.address)]).await;
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("answered 500"), "{errors}");
}

/// Something was pushed between two pages, or the registry counts `last` in.
#[tokio::test]
async fn a_name_on_two_pages_is_listed_once() {
    let answer = |target: &str, _: Option<&str>| {
        let (names, next) = match target.split_once('?') {
            None => (r#"["a","b","b"]"#, Some("<?last=b>; rel=next")),
            Some(_) => (r#"["b","c","a"]"#, None),
        };
        let key = match target.contains("_catalog") {
            true => "repositories",
            false => "tags",
        };
        let mut response = ok("application/json", format!(r#"{{"{key}":{names}}}"#));
        if let Some(next) = next {
            response.headers_mut().insert("link", next.parse().unwrap());
        }
        response
    };
    let odd = Odd::new(answer).await;
    let gateway = serving(GatewayOptions {
        registries: vec![format!("odd=http://{}", odd.address).parse().unwrap()],
        ..GatewayOptions::default()
    })
    .await;
    for registry in [&odd.address, &format!("{gateway}/odd")] {
        let tags = printed(&["tags", &format!("{registry}/app")]).await;
        assert_eq!(tags, "a\nb\nc\n", "{registry}");
    }
    assert_eq!(printed(&["repositories", &odd.address]).await, "a\nb\nc\n");
}

#[tokio::test]
async fn names_that_can_be_none_are_left_out_of_lists() {
    let odd = Odd::new(|_, _| ok("application/json", r#"{"tags":["a","../x","b"]}"#)).await;
    assert_eq!(odd.remote(None).tags(None).await.unwrap().tags, ["a", "b"]);
    let null = Odd::new(|_, _| ok("application/json", r#"{"name":"app","tags":null}"#)).await;
    assert_eq!(
        null.remote(None).tags(None).await.unwrap().tags,
        Vec::<String>::new()
    );
}
