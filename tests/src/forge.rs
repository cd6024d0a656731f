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
/// Who writes with it.
pub const BOT: &str = "github-actions[bot]";

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

#[derive(Default)]
struct Log {
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
        let numbered = (1000_u64..).zip(comments);
        let comments = numbered.map(|(id, (author, body))| Comment {
            id,
            author: (*author).to_owned(),
            body: (*body).to_owned(),
        });
        let state = Arc::new(Mutex::new(Log {
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
        "user": { "login": comment.author, "id": 41_898_282, "type": "Bot" },
        // GitLab's.
        "author": { "username": comment.author, "id": number(&comment.author) },
        "system": false,
        "body": comment.body,
        "author_association": "NONE",
    })
}

/// The number of a user of GitLab.
fn number(author: &str) -> u64 {
    match author {
        BOT => 9,
        other => 100 + other.len() as u64,
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

async fn user(headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    match allowed(&headers) {
        true => Ok(Json(
            json!({ "id": number(BOT), "username": BOT, "bot": true }),
        )),
        false => Err(StatusCode::UNAUTHORIZED),
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
        author: BOT.to_owned(),
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
    let comment = log.comments.iter_mut().find(|comment| comment.id == id);
    let comment = comment.ok_or(StatusCode::NOT_FOUND)?;
    comment.body = body;
    Ok(Json(told(comment)))
}
