//! What is asked of registries beside images: lists of repositories and tags, what refers to an image.

use jiff::Timestamp;
use onionskin_core::digest::Digest;
use onionskin_core::source::registry::{Remote, WholeList, whole_list};
use onionskin_core::source::{RetryAfter, SourceError};

use super::protocol::{
    AboutTag, CatalogEntry, FindReferrers, List, Names, NamesPage, Referrers, TagFacts, TagProblem,
    UserError,
};
use super::registries::Registries;

/// The images that the gateway itself has.
pub(crate) async fn catalog() -> Vec<CatalogEntry> {
    match Registries::find().await {
        Ok(registries) => registries.catalog().await,
        Err(_) => Vec::new(),
    }
}

/// A page of a list of names.
pub(crate) async fn names(asked: Names) -> Result<NamesPage, UserError> {
    let registries = Registries::find().await?;
    let query = asked.query.as_deref();
    match asked.list {
        List::Repositories(host) => {
            let host = host.unwrap_or_else(|| registries.host());
            let page = registries.registry(&host)?.repositories(query).await;
            let page = page.map_err(|error| registries.problem_of_list(&host, &error))?;
            Ok(NamesPage {
                names: page.repositories,
                next: page.next,
            })
        }
        List::Tags(repository) => {
            let page = at_its_place(&registries, &repository, async |remote| {
                remote.tags(query).await
            });
            let page = page.await?;
            Ok(NamesPage {
                names: page.tags,
                next: page.next,
            })
        }
    }
}

/// All tags of a repository.
pub(super) async fn all_tags(
    registries: &Registries,
    repository: &str,
) -> Result<Vec<String>, UserError> {
    let what = format!("the tag list of {repository}");
    let list = at_its_place(registries, repository, async |remote| {
        whole_list(&what, async |query| {
            let page = remote.tags(query).await?;
            Ok((page.tags, page.next))
        })
        .await
    });
    let WholeList { names, problem } = list.await?;
    match problem {
        Some(error) => Err(registries.problem_of_list(repository, &error)),
        None => Ok(names),
    }
}

/// What the image of a tag is.
pub(crate) async fn about_tag(asked: AboutTag) -> Result<TagFacts, TagProblem> {
    let failed = |error: UserError| TagProblem {
        text: error.in_a_line(),
        is_busy: false,
        wait: None,
    };
    let registries = Registries::find().await.map_err(failed)?;
    let answer = registries.ask(&asked.reference, false, None).await;
    let (_, image) = answer.map_err(failed)?;
    let image = image.map_err(|error| TagProblem {
        is_busy: matches!(error, SourceError::TooManyRequests { .. }),
        wait: match &error {
            SourceError::TooManyRequests {
                retry: Some(RetryAfter::Seconds(seconds)),
                ..
            } => u32::try_from(*seconds).ok(),
            _ => None,
        },
        ..failed(UserError::of_image(&error))
    })?;
    let digest = image.index_digest.as_ref().or(image.digest.as_ref());
    let own = image.platform.iter().filter(|_| image.platforms.is_empty());
    let platforms = image.platforms.iter().chain(own);
    let created = image.config.created.as_deref();
    let created: Option<Timestamp> = created.and_then(|text| text.parse().ok());
    Ok(TagFacts {
        digest: digest.map(ToString::to_string).unwrap_or_default(),
        platforms: platforms.map(ToString::to_string).collect(),
        created: created.map(|at| at.to_string()),
        size: image.compressed_size(),
    })
}

/// What refers to a manifest.
pub(crate) async fn referrers(asked: FindReferrers) -> Result<Referrers, UserError> {
    let registries = Registries::find().await?;
    let Ok(digest) = asked.digest.parse::<Digest>() else {
        // Of what has no digest, nothing is known.
        return Ok(Referrers::default());
    };
    let found = at_its_place(&registries, &asked.reference, async |remote| {
        remote.referrers(&digest, None).await
    });
    found.await
}

/// Asks where the repository may be, the likeliest place first, as for an image.
async fn at_its_place<T>(
    registries: &Registries,
    reference: &str,
    ask: impl AsyncFn(Remote) -> Result<T, SourceError>,
) -> Result<T, UserError> {
    let mut places = registries.places(reference, false)?.into_iter().peekable();
    while let Some(place) = places.next() {
        match ask(place.remote()?).await {
            Ok(found) => return Ok(found),
            Err(SourceError::NotReached { .. }) if places.peek().is_some() => {}
            Err(error) => return Err(registries.problem_of_list(reference, &error)),
        }
    }
    Err(UserError::of_worker(0))
}
