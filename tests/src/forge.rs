//! The part of a forge's API that keeps the comments of a pull request, as GitHub, Forgejo and Gitea have it, and GitLab.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::{get, patch, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::odd::serve;

/// The token that may write.
pub const TOKEN: &str = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";
/// Who writes with it, if nobody else does.
pub const BOT: &str = "github-actions[bot]";
/// The account of pipelines on Forgejo.
pub const RUNNER: &str = "forgejo-actions";

/// Whose token it is, and who tells so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An app of GitHub, by its login: GraphQL tells it, `/user` is refused.
    App(&'static str),
    /// A person or robot, who may edit everybody's comments.
    Person(&'static str),
    /// The same, who may edit only what it wrote.
    Guest(&'static str),
    /// The pipeline of a Forgejo, which tells nobody.
    Runner,
}

impl Owner {
    const fn login(self) -> &'static str {
        match self {
            Self::App(login) | Self::Person(login) | Self::Guest(login) => login,
            Self::Runner => RUNNER,
        }
    }
}

/// A comment: its number, who wrote it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Its number.
    pub id: u64,
    /// The login of its author.
    pub author: String,
    /// Its text.
    pub body: String,
}

/// A forge with one pull request.
pub struct Forge {
    /// Where its API is.
    pub api: String,
    state: Arc<Mutex<Log>>,
}

struct Log {
    owner: Owner,
    comments: Vec<Comment>,
    requests: Vec<String>,
    scanned: Vec<Value>,
    /// Gives all comments whatever page is asked for, as Gitea does.
    unpaged: bool,
}

type Shared = State<Arc<Mutex<Log>>>;

#[derive(Deserialize)]
struct Paging {
    per_page: usize,
    page: usize,
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

impl Forge {
    /// A forge whose pull request has these comments, each by its author.
    pub async fn new(comments: &[(&str, &str)], unpaged: bool) -> Self {
        Self::start(comments, unpaged, Owner::App(BOT)).await
    }

    /// The same, where the token is this one's.
    pub async fn of(owner: Owner, comments: &[(&str, &str)]) -> Self {
        Self::start(comments, false, owner).await
    }

    async fn start(comments: &[(&str, &str)], unpaged: bool, owner: Owner) -> Self {
        let numbered = (1000_u64..).zip(comments);
        let comments = numbered.map(|(id, (author, body))| Comment {
            id,
            author: (*author).to_owned(),
            body: (*body).to_owned(),
        });
        let state = Arc::new(Mutex::new(Log {
            owner,
            comments: comments.collect(),
            requests: Vec::new(),
            scanned: Vec::new(),
            unpaged,
        }));
        let router = Router::new()
            .route("/repos/org/app/issues/7/comments", get(list).post(add))
            .route("/repos/org/app/issues/comments/{id}", patch(edit))
            .route("/repos/org/app/code-scanning/sarifs", post(scan))
            .route("/user", get(user))
            .route("/graphql", post(graphql))
            .route("/projects/42/merge_requests/7/notes", get(list).post(add))
            .route("/projects/42/merge_requests/7/notes/{id}", put(edit))
            .with_state(Arc::clone(&state));
        Self {
            api: format!("http://{}", serve(router).await),
            state,
        }
    }

    /// The comments of the pull request.
    pub fn comments(&self) -> Vec<Comment> {
        self.state.lock().unwrap().comments.clone()
    }

    /// What was uploaded to code scanning.
    pub fn scanned(&self) -> Vec<Value> {
        self.state.lock().unwrap().scanned.clone()
    }

    /// The methods of the requests that came.
    pub fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }
}

fn told(comment: &Comment) -> Value {
    json!({
        "id": comment.id,
        "url": format!("https://api.github.com/repos/org/app/issues/comments/{}", comment.id),
        "user": { "login": comment.author, "id": number(&comment.author), "type": "Bot" },
        // GitLab's.
        "author": { "username": comment.author, "id": number(&comment.author) },
        "system": false,
        "body": comment.body,
        "author_association": "NONE",
    })
}

/// The number of a user; no person's is negative.
fn number(author: &str) -> i64 {
    match author {
        BOT => 41_898_282,
        RUNNER => -2,
        other => 100 + i64::try_from(other.len()).unwrap_or(0),
    }
}

async fn scan(
    State(state): Shared,
    headers: HeaderMap,
    Json(upload): Json<Value>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    if !allowed(&headers) {
        return Err(StatusCode::FORBIDDEN);
    }
    state.lock().unwrap().scanned.push(upload);
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": "1" }))))
}

async fn user(State(state): Shared, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    if !allowed(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    if headers.contains_key("private-token") {
        // GitLab.
        return Ok(Json(
            json!({ "id": number(BOT), "username": BOT, "bot": true }),
        ));
    }
    match state.lock().unwrap().owner {
        Owner::Person(login) | Owner::Guest(login) => {
            Ok(Json(json!({ "id": number(login), "login": login })))
        }
        Owner::App(_) | Owner::Runner => Err(StatusCode::FORBIDDEN),
    }
}

async fn graphql(
    State(state): Shared,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Result<Json<Value>, StatusCode> {
    let owner = state.lock().unwrap().owner;
    match (allowed(&headers), owner) {
        (false, _) => Err(StatusCode::UNAUTHORIZED),
        (true, Owner::Runner) => Err(StatusCode::NOT_FOUND),
        (true, owner) => {
            assert_eq!(asked, json!({ "query": "{viewer{login}}" }));
            Ok(Json(
                json!({ "data": { "viewer": { "login": owner.login() } } }),
            ))
        }
    }
}

fn allowed(headers: &HeaderMap) -> bool {
    let given = |name| headers.get(name).and_then(|value| value.to_str().ok());
    given("authorization") == Some(&format!("Bearer {TOKEN}"))
        || given("private-token") == Some(TOKEN)
}

async fn list(
    State(state): Shared,
    Query(paging): Query<Paging>,
    headers: HeaderMap,
) -> Result<Json<Value>, StatusCode> {
    let mut log = state.lock().unwrap();
    log.requests.push("GET".to_owned());
    if !allowed(&headers) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let page = match log.unpaged {
        true => &log.comments[..],
        false => {
            let mut pages = log.comments.chunks(paging.per_page);
            pages.nth(paging.page - 1).unwrap_or_default()
        }
    };
    Ok(Json(page.iter().map(told).collect()))
}

async fn add(
    State(state): Shared,
    headers: HeaderMap,
    Json(Body { body }): Json<Body>,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let mut log = state.lock().unwrap();
    log.requests.push("POST".to_owned());
    if !allowed(&headers) {
        return Err(StatusCode::FORBIDDEN);
    }
    let comment = Comment {
        id: 1000 + log.comments.len() as u64,
        author: log.owner.login().to_owned(),
        body,
    };
    log.comments.push(comment.clone());
    Ok((StatusCode::CREATED, Json(told(&comment))))
}

async fn edit(
    State(state): Shared,
    Path(id): Path<u64>,
    method: Method,
    headers: HeaderMap,
    Json(Body { body }): Json<Body>,
) -> Result<Json<Value>, StatusCode> {
    let mut log = state.lock().unwrap();
    log.requests.push(method.to_string());
    if !allowed(&headers) {
        return Err(StatusCode::FORBIDDEN);
    }
    let owner = log.owner;
    let comment = log.comments.iter_mut().find(|comment| comment.id == id);
    let comment = comment.ok_or(StatusCode::NOT_FOUND)?;
    if matches!(owner, Owner::Guest(login) if login != comment.author) {
        return Err(StatusCode::FORBIDDEN);
    }
    comment.body = body;
    Ok(Json(told(comment)))
}
