//! Requests and readable responses of pages from other origins.

use socketio::{Config, Origins};

use crate::harness::{Http, POLLING, Poller, TestServer};

const GYM: &str = "Origin: https://gym.example\r\n";
const EVIL: &str = "Origin: https://evil.example\r\n";

fn server() -> TestServer {
    TestServer::start(Config { origins: Origins::list(["https://gym.example"]), ..Config::default() })
}

#[actix_web::test]
async fn allowed_origin_gets_cors_headers() {
    let server = server();
    let mut http = Http::connect(&server).await;
    let answers = [
        http.request("GET", POLLING, GYM, b"").await,
        http.request("GET", &format!("{POLLING}&sid=unknown"), GYM, b"").await,
        http.request("PUT", POLLING, GYM, b"").await,
    ];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 400, 400]);
    for answer in answers {
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://gym.example"), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
}

#[actix_web::test]
async fn refused_origin_gets_no_cors_headers() {
    let server = server();
    let sid = Poller::connect(&server).await.sid;
    let of_another = format!("{POLLING}&sid={sid}");
    let mut http = Http::connect(&server).await;
    for (method, query) in [
        ("GET", POLLING),
        ("GET", of_another.as_str()),
        ("POST", of_another.as_str()),
        ("OPTIONS", POLLING),
        ("OPTIONS", of_another.as_str()),
    ] {
        let answer = http.request(method, query, EVIL, b"").await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (403, r#"{"code":4,"message":"Forbidden"}"#),
            "{method}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None, "{method}");
    }
    assert_eq!(server.io.sessions(), 1);
}

#[actix_web::test]
async fn error_responses_have_no_cors_headers_for_refused_origin() {
    let server = server();
    let mut http = Http::connect(&server).await;
    for (method, query) in [
        ("PUT", POLLING),
        ("GET", "?EIO=4&transport=pigeon"),
        ("GET", "?EIO=4&transport=websocket"),
        ("GET", ""),
    ] {
        let answer = http.request(method, query, EVIL, b"").await;
        assert!(matches!(answer.status, 400 | 403), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {query}");
    }
}

#[actix_web::test]
async fn preflight_allows_requested_headers() {
    let server = server();
    let asked =
        format!("{GYM}Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-token\r\n");
    let answer = Http::connect(&server).await.request("OPTIONS", POLLING, &asked, b"").await;
    assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://gym.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-token"));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
}

#[actix_web::test]
async fn request_without_origin_gets_no_cors_headers() {
    let server = server();
    let answer = Http::connect(&server).await.request("GET", POLLING, "", b"").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}

#[actix_web::test]
async fn private_network_preflight_is_answered_for_allowed_origin() {
    let server = server();
    let asked = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Private-Network: true\r\n";
    let mut http = Http::connect(&server).await;
    let allowed = http.request("OPTIONS", POLLING, &format!("{GYM}{asked}"), b"").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-private-network")), (204, Some("true")));
    let unasked = http.request("OPTIONS", POLLING, GYM, b"").await;
    assert_eq!((unasked.status, unasked.header("access-control-allow-private-network")), (204, None));
    let refused = http.request("OPTIONS", POLLING, &format!("{EVIL}{asked}"), b"").await;
    assert_eq!((refused.status, refused.header("access-control-allow-private-network")), (403, None));
}

#[actix_web::test]
async fn listed_app_origin_is_allowed_in_any_spelling() {
    let origins = Origins::list(["capacitor://localhost", "http://10.0.2.2:5555", "null"]);
    let server = TestServer::start(Config { origins, ..Config::default() });
    for origin in ["capacitor://localhost", "ws://10.0.2.2:5555", "http://10.0.2.2:5555/", "null"] {
        let page = format!("Origin: {origin}\r\n");
        let answer = Http::connect(&server).await.request("GET", POLLING, &page, b"").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some(origin)));
    }
    for origin in ["tauri://localhost", "http://10.0.2.2:8081", "file://"] {
        let page = format!("Origin: {origin}\r\n");
        assert_eq!(
            Http::connect(&server).await.request("GET", POLLING, &page, b"").await.status,
            403,
            "{origin}"
        );
    }
}

#[actix_web::test]
async fn cross_site_image_request_opens_no_session() {
    let server = server();
    let mut http = Http::connect(&server).await;
    for (headers, status) in [
        ("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", 403),
        ("Sec-Fetch-Site: Cross-Site\r\n", 403),
        ("Sec-Fetch-Site: same-origin\r\n", 200),
        ("Sec-Fetch-Site: none\r\n", 200),
        ("Origin: https://gym.example\r\nSec-Fetch-Site: cross-site\r\n", 200),
        ("Origin: https://evil.example\r\nSec-Fetch-Site: same-site\r\n", 403),
        ("", 200),
    ] {
        assert_eq!(http.request("GET", POLLING, headers, b"").await.status, status, "{headers}");
    }
    let open = TestServer::start(Config { origins: Origins::any(), ..Config::default() });
    let answer =
        Http::connect(&open).await.request("GET", POLLING, "Sec-Fetch-Site: cross-site\r\n", b"").await;
    assert_eq!(answer.status, 200);
}
