"""Why lbd and the others differ, for doc/conformance.md: by row, or by row and proxy where the reasons are not the same."""

INTRO = """# HTTP/1.1 beside HAProxy and nginx

What lbd accepts, refuses and forwards is listed row by row in `tests/support/http_rows.py`; every row is tested through the
daemon (`tests/integration/test_http_rows.py`), with the message in one piece, byte by byte, and cut around each line end.
`make differential` sends the same cases through lbd, HAProxy 2.6 and nginx 1.22 as Debian 12 has them, each in front of a
server that records what reaches it. This page holds every case in which one of them does something else than lbd, with the
reason; a test fails when a difference appears that is not here. It is made by `tests/support/differential.py --write`.

The rule behind all of it: where two readers could disagree on a message, lbd refuses it. Being lenient is a service to the one
sender that is broken, and a risk for everybody behind the same connection. All peers run with their defaults and short timeouts;
nginx sends `Host: $host` and an empty `Connection`, as its documentation suggests for keep-alive upstreams.

Words: *forwards*: a whole request reached the server; *refuses*: an error of the proxy, and no whole request reached it;
*closes*: no answer; *502*: the response was refused; *cut*: the client sees that it is not whole.
"""

WHY = {
    "RL1": "The client is gone in the middle of a head: nobody is there to be told. HAProxy writes its 400 all the same.",
    "RL2": "RFC 9112 2.2 allows a bare line feed to be taken as a line end; two readers that differ in it can be played against "
           "each other (CVE-2022-32214). lbd wants CR LF.",
    "RL3": "nginx skips carriage returns in front of a request line; lbd takes only CR LF as an empty line.",
    "RL4": "RFC 9112 2.2 asks for one empty line to be skipped. lbd skips four; the others have no limit that is met here.",
    "RL6": "Lenient splitting of the request line is allowed by RFC 9112 3 with a warning; lbd wants one space each.",
    "RL7": "nginx speaks HTTP/0.9: no head, no length, no end but the connection's.",
    "RL8": "Only HTTP/1.x is HTTP/1 (RFC 9112 2.3). HAProxy 2.6 takes other digits, nginx `1.10`.",
    "RL9": "HTTP/1.9 is HTTP/1.1 with a Host field; HAProxy forwards without one.",
    "RL10": "lbd sends its own version and always a Host upstream (RFC 9112 2.3, 3.2); HAProxy passes the client's version on, and "
            "both send no or another Host.",
    "RL12": "Methods are case-sensitive tokens (RFC 9110 9.1): lbd passes unknown ones on, nginx refuses lower case.",
    "RL13": "DEL is a control character; HAProxy 2.6 lets it pass in a target.",
    "RL14": "A target is ASCII (RFC 3986); nginx lets higher bytes pass.",
    "RL15": "A fragment is never sent (RFC 9110 4.2.5, CVE-2023-45539); nginx forwards it.",
    ("RL16", "nginx"): "nginx does not serve the asterisk-form.",
    ("RL16", "haproxy"): "HAProxy 2.6 lets targets pass that have no form of RFC 9112 3.2.",
    "RL17": "nginx decodes the target and refuses what it cannot decode; lbd never decodes, and forwards byte for byte.",
    "RL18": "Upstream lbd always uses the origin-form, with Host from the authority (RFC 9112 3.2.2), and no scheme but http and "
            "https. HAProxy keeps the absolute-form, nginx drops the port of Host.",
    "RL19": "lbd and HAProxy compare the authority with Host; nginx lets the authority win in silence.",
    "RL20": "HAProxy 2.6 accepts doubtful authorities and a missing Host (fixed later upstream).",
    "RL21": "CONNECT is refused here by lbd and nginx; HAProxy relays it.",
    "RL22": "Max-Forwards of OPTIONS and TRACE is counted by lbd (RFC 9110 7.6.2) and ignored by the others; nginx has no "
            "asterisk-form.",
    "RL23": "HAProxy takes the preface of HTTP/2 for what it is and answers in HTTP/2; lbd speaks HTTP/1 only.",
    "RL24": "The limit of lbd is `limits.request_line`, 8 KB by default; HAProxy's is its buffer of 16 KB.",
    "HO1": "RFC 9112 3.2: a 1.1 request without Host MUST be refused. HAProxy 2.6 forwards it.",
    "HO2": "RFC 9112 3.2: more than one Host MUST be refused. HAProxy accepts equal ones.",
    ("HO3", "haproxy"): "RFC 9112 3.2: an invalid Host MUST be refused; HAProxy 2.6 looks at none of its bytes.",
    ("HO3", "nginx"): "RFC 9112 3.2: an invalid Host MUST be refused; nginx refuses only some, and `$host` drops the port.",
    "HO4": "HAProxy 2.6 lets control bytes and NUL pass in a value (RFC 9110 5.5).",
    "HO5": "An empty Host names nobody; HAProxy forwards it.",
    "HO6": "`$host` is lower case and has no port: that is how nginx is configured here.",
    "HO7": "HAProxy unfolds the line into the value of Host.",
    "HD2": "A field line has a colon (RFC 9112 5). nginx makes a field with an empty value of a line without one.",
    "HD4": "A name is a token and nothing else (RFC 9110 5.1); nginx drops what it does not like, valid names among it, and "
           "forwards the rest of the request. lbd drops names with an underscore.",
    "HD5": "HAProxy 2.6 lets NUL pass in a value.",
    "HD6": "nginx takes a carriage return in front of CR LF as part of the line end.",
    "HD7": "RFC 9110 5.5 lets a recipient keep other control bytes; lbd refuses them, both others pass them on.",
    "HD8": "Folded lines: RFC 9112 5.2 allows 400 or a blank; lbd and nginx refuse, HAProxy unfolds.",
    "HD9": "A TAB is white space around a value (RFC 9112 5.1); nginx keeps it as part of the value and then refuses the Host.",
    "HD11": "HAProxy refuses names above 255 bytes; lbd has no limit of its own for a name, only for the head.",
    "HD12": "Limits differ: lbd takes 32 KB and 100 lines; HAProxy 16 KB and 101 lines; nginx 8 KB for a line, any number.",
    "HD13": "CGI and WSGI servers take an underscore for a hyphen: lbd and nginx drop such fields unless told otherwise.",
    "CL1": "A TAB is white space around a value; nginx refuses the length.",
    "CL4": "RFC 9112 6.3 allows equal lengths to be made one; lbd and nginx refuse, HAProxy makes them one and then waits for the "
           "body.",
    "CL6": "lbd refuses lengths above 2^62; the others wait for them until the client ends.",
    "CL7": "lbd writes the number anew; HAProxy passes leading zeros on, which another reader may take for octal.",
    "CL8": "nginx refuses TRACE; lbd forwards it with its body.",
    ("CL9", "haproxy"): "The version and the missing Host of an HTTP/1.0 request, as in RL10.",
    ("CL9", "nginx"): "A body in a 1.0 GET is read differently by old peers: lbd and HAProxy refuse it, nginx forwards it. Host as "
                      "in RL10.",
    "CL10": "The version and the Host of an HTTP/1.0 request, as in RL10.",
    "TE1": "A TAB is white space around a value; nginx refuses the coding.",
    "TE5": "A length and a coding together are how requests are smuggled: lbd and nginx refuse (RFC 9112 6.3 allows it), HAProxy "
           "takes the coding, drops the length and closes.",
    "CH2": "A chunk size is hexadecimal digits and nothing else (RFC 9112 7.1); both accept blanks behind it, nginx anything behind "
           "a blank.",
    "CH4": "lbd takes 16 digits at the most; the others skip leading zeros. A size above 2^62 is refused by lbd, and the client "
           "that leaves in the middle of a chunk gets no answer.",
    "CH5": "A bare line feed is no line end in chunked coding (erratum 7633 of RFC 9112, CVE-2025-43859); both others accept it.",
    "CH8": "Extensions are dropped by all, but lbd checks their syntax first: an unbalanced quote or a line feed in one hides "
           "chunks from a stricter reader.",
    ("CH9", "haproxy"): "HAProxy 2.6 refuses as well, but an older build of it has sent the head on by then and says 502.",
    "CH9": "lbd reads 1 KB of a size line at the most (CVE-2023-39326); nginx has no limit.",
    "CH11": "lbd and HAProxy forward trailers, nginx drops them.",
    "CH12": "HAProxy forwards trailers that frame, route or authenticate, and refuses some when they are two.",
    ("CH13", "haproxy"): "HAProxy 2.6 checks trailers loosely: it unfolds, and forwards what the server then refuses.",
    ("CH13", "nginx"): "nginx drops trailers without reading them as fields.",
    "CH14": "lbd reads 8 KB of trailers at the most; nginx has no limit.",
    "CN1": "Connection is a list of tokens; lbd refuses what is none.",
    "CN2": "RFC 9110 7.6.1: fields that Connection names MUST be removed; both others keep them. lbd refuses more than 32 names, and "
           "what is no list of tokens. An until-close body is chunked by lbd, see RF7. nginx drops names it does not like.",
    "CN4": "Hop-by-hop fields end here (RFC 9110 7.6.1); the others pass several on. For chunks see RF7.",
    "CN5": "Upgrade counts only with Connection: upgrade and in 1.1 (RFC 9110 7.8). HAProxy passes it on otherwise, or gives up "
           "with a request that it cannot serve; nginx, configured like this, never upgrades.",
    "CN6": "h2c would be a tunnel past the rules: lbd removes it; HAProxy passes it on; nginx, configured like this, never upgrades "
           "but sends the settings.",
    ("CN8", "haproxy"): "HAProxy 2.6 wants the key of a WebSocket handshake (RFC 6455 4.1) before it passes Upgrade on, and refuses without it.",
    ("CN9", "haproxy"): "HAProxy 2.6 wants the key of a WebSocket handshake (RFC 6455 4.1) before it passes Upgrade on, and refuses without it.",
    ("CN10", "haproxy"): "HAProxy 2.6 wants the key of a WebSocket handshake (RFC 6455 4.1) before it passes Upgrade on, and refuses without it.",
    "CN8": "nginx, configured like this, does not pass Upgrade on.",
    "CN9": "nginx, configured like this, does not pass Upgrade on.",
    "CN10": "A 101 to what was not asked for is no answer (RFC 9110 15.2.2): lbd ends it with 502, the others make a tunnel of it.",
    "CN11": "An upgrade with a body: lbd drops the upgrade and forwards the body; HAProxy refuses; nginx never upgrades here.",
    "PP1": "The second request has no Host: HAProxy forwards it, see HO1.",
    "EX1": "lbd passes 100-continue on and relays the 100, never to 1.0 and never without a body. HAProxy sends it in any case; "
           "nginx answers 100 itself, and takes a server's 100 for the final response.",
    "EX2": "nginx answers 100 itself.",
    "EX3": "lbd leaves other expectations to the server; nginx drops the field.",
    "RS1": "A status line that is none is 502 (RFC 9112 4); HAProxy 2.6 relays odd codes and versions, nginx takes it for HTTP/0.9. "
           "For chunks see RF7.",
    "RS2": "Control bytes, lines without a colon and folded lines of a server end in 502; HAProxy and nginx pass or repair some.",
    "RS4": "lbd always answers with its own version (RFC 9112 2.3); HAProxy passes HTTP/1.0 on, which ends keep-alive.",
    "RF1": "Length and coding together: lbd refuses such a response, the others take the coding.",
    "RF2": "An invalid length of a response MUST be 502 (RFC 9112 6.3). nginx ignores it; HAProxy accepts equal ones.",
    "RF3": "A coding that is not chunked alone is 502. nginx passes the body as it is; HAProxy takes an empty one for none.",
    "RF4": "HTTP/1.0 has no codings: lbd refuses, the others decode.",
    "RF6": "What was received before a reset may be lost in nginx's buffers; in both the client sees the cut.",
    "RF7": "A body that ends with the connection is chunked by lbd and nginx, so that its end is seen and the client's connection "
           "stays; HAProxy passes it as it is.",
    "RC1": "All of it is seen as cut by the client; lbd had sent the head by then, HAProxy and nginx had not. Both accept a bare "
           "line feed, nginx also what follows a blank in a size.",
    "RC2": "lbd checks trailers of a response and passes on those that are safe; HAProxy passes all, nginx drops them unread.",
    "RB3": "Interim responses go to 1.1 clients only (RFC 9110 15.2): HAProxy sends them to 1.0 too, nginx 1.22 takes one for the "
           "final response and waits.",
    "RB4": "An interim response has no body (RFC 9112 6.3); lbd refuses one that announces it, HAProxy ignores the fields, nginx "
           "takes it for the final response.",
    "RB5": "A 1.0 client MUST NOT get chunks (RFC 9112 6.1); HAProxy sends them.",
    "RX1": "On a connection that was used before, lbd sends an idempotent request again on a new one; the others were told not to "
           "retry, or had no such connection.",
    "RX2": "The server answers and closes before it has read the body: lbd relays that answer, nginx may lose it.",
    "RH1": "For chunks see RF7.",
    "LL2": "nginx has no limit for trailers.",
    "LL3": "lbd takes 32 interim responses of one exchange and 8 KB of trailers; HAProxy has no limit for the former.",
}
