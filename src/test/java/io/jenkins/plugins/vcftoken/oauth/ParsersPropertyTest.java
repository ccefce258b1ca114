package io.jenkins.plugins.vcftoken.oauth;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.StringLength;

/** Arbitrary responses result in a token response, or a TokenRequestException without secrets in its message. */
class ParsersPropertyTest {

    @Property(tries = 300)
    void arbitraryText(@ForAll("statuses") int status, @ForAll @StringLength(max = 300) String body) {
        check(status, body, "", "");
    }

    @Property(tries = 300)
    void jsonWithKnownFields(
            @ForAll("statuses") int status, @ForAll("objects") String body, @ForAll("headers") String header) {
        check(status, body, header, header);
    }

    @Property(tries = 200)
    void truncatedJson(@ForAll("objects") String body, @ForAll("cuts") int cut) {
        check(200, body.substring(0, Math.min(cut, body.length())), "", "");
    }

    private static void check(int status, String body, String date, String retryAfter) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        new ArbitraryResponse(status, bytes, date, retryAfter, "https://else/?t=" + ArbitraryResponse.SECRET).check();
    }

    @Provide
    Arbitrary<Integer> statuses() {
        return Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of(200, 201, 204)),
                Tuple.of(2, Arbitraries.of(400, 401, 403, 404, 405, 406, 408, 409, 429)),
                Tuple.of(1, Arbitraries.of(300, 302, 307, 500, 502, 503)));
    }

    @Provide
    Arbitrary<Integer> cuts() {
        return Arbitraries.integers().between(0, 400);
    }

    @Provide
    Arbitrary<String> headers() {
        return Arbitraries.oneOf(
                Arbitraries.of("", "0", "7", "-1", "99999999999", "Thu, 01 Jan 2026 00:01:00 GMT", "Thu, 99 Foo 1 GMT"),
                Arbitraries.strings().ascii().ofMaxLength(30));
    }

    @Provide
    Arbitrary<String> objects() {
        Arbitrary<String> field =
                Combinators.combine(names(), values()).as((name, value) -> '"' + name + "\":" + value);
        return field.list().ofMaxSize(8).map(fields -> '{' + String.join(",", fields) + '}');
    }

    private static Arbitrary<String> names() {
        return Arbitraries.of(
                "access_token",
                "accessToken",
                "refresh_token",
                "refreshToken",
                "id",
                "token_type",
                "expires_in",
                "expiresAt",
                "error",
                "error_description",
                "errorCode",
                "minorErrorCode",
                "message",
                "values",
                "pageCount",
                "device_code",
                "user_code",
                "verification_uri",
                "interval");
    }

    private static Arbitrary<String> values() {
        return Arbitraries.oneOf(
                Arbitraries.of(
                        "null",
                        "true",
                        "{}",
                        "[]",
                        "[null]",
                        "{\"id\":\"x\"}",
                        "[{\"clientId\":\"1\",\"clientName\":\"automation-relying-party\",\"name\":\"acme\",\"id\":\"2\"}]",
                        "\"Bearer\"",
                        "\"invalid_grant\"",
                        "\"authorization_pending\"",
                        "\"quoted " + ArbitraryResponse.SECRET + " here\"",
                        "\"" + ArbitraryResponse.SECRET + "\""),
                Arbitraries.longs().map(String::valueOf),
                Arbitraries.bigDecimals().map(String::valueOf),
                Arbitraries.strings().alpha().ofMaxLength(60).map(text -> '"' + text + '"'),
                Combinators.combine(Arbitraries.longs(), Arbitraries.longs()).as(ParsersPropertyTest::jwt));
    }

    private static String jwt(long issuedAt, long expiresAt) {
        String claims = "{\"iat\":" + issuedAt + ",\"exp\":" + expiresAt + ",\"org_name\":\"x\\ny\"}";
        return '"' + UnsignedJwt.of(claims) + '"';
    }
}
