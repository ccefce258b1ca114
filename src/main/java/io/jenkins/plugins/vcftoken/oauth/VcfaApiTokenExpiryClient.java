package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import okhttp3.HttpUrl;

/**
 * Finds when a user's API token of VCF Automation expires, in the list of tokens that an access token may read:
 * {@code GET /cloudapi/1.0.0/tokens}.
 *
 * <p>An access token does not name the API token that it came from. With the client ID of the token, its record is the
 * one with the ID {@code urn:vcloud:token:} and the client ID. Without it, it is the only refresh token of the whole
 * list, if that has the same owner as the access token; with several there is no result, because a wrong date is worse
 * than none.
 */
final class VcfaApiTokenExpiryClient {

    private static final List<String> PATH = List.of("tokens");
    private static final String REFRESH = "REFRESH";

    /** 128 is the largest page that the server gives. */
    private static final Map<String, String> QUERY = Map.of("pageSize", "128", "filter", "type==" + REFRESH);

    /** About a thousand tokens; there is no result for a token behind these. */
    static final int MAX_PAGES = 8;

    private static final String URN = "urn:vcloud:token:";

    /** Servers may encode "never expires" as year 9999. */
    private static final Instant NEVER = Instant.parse("9999-01-01T00:00:00Z");

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
            .appendPattern("[XXX][XX][X]")
            .toFormatter(Locale.ROOT);

    private final OneShotHttpClient client;
    private final HttpUrl base;
    private final String clientId;

    /** @param clientId of the stored token; empty where it is not known */
    VcfaApiTokenExpiryClient(OneShotHttpClient client, HttpUrl base, String clientId) {
        this.client = client;
        this.base = base;
        this.clientId = clientId;
    }

    /**
     * @param accessToken a valid access token of this server that the API token brought
     * @return null when the token does not expire, the server does not say, or the match is ambiguous
     */
    @CheckForNull
    Instant expiry(AccessToken accessToken) throws TokenRequestException {
        if (client.capabilities().hasNoTokenList(base)) {
            return null;
        }
        try {
            JsonNode record = find(accessToken);
            Instant expiry = record == null ? null : time(TokenResponseParser.text(record, "expirationTimeUtc"));
            // An expired token would not have brought this access token.
            return expiry != null && expiry.isAfter(accessToken.issuedAt()) && expiry.isBefore(NEVER) ? expiry : null;
        } catch (TokenRequestException e) {
            if (e.tokenError() == TokenError.NO_SUCH_SERVICE) {
                client.capabilities().setNoTokenList(base);
            }
            throw e.forNonRotatingSecret();
        }
    }

    @CheckForNull
    private JsonNode find(AccessToken accessToken) throws TokenRequestException {
        CloudApiClient cloudApi = new CloudApiClient(client, base, accessToken, TokenError.FORBIDDEN);
        JsonNode last = null;
        int count = 0;
        for (int page = 1; page <= MAX_PAGES; page++) {
            JsonNode list = cloudApi.page(PATH, QUERY, page);
            for (JsonNode token : list.path("values")) {
                if (REFRESH.equals(TokenResponseParser.text(token, "type"))) {
                    if (!clientId.isEmpty()
                            && (URN + clientId).equalsIgnoreCase(TokenResponseParser.text(token, "id"))) {
                        return token;
                    }
                    last = token;
                    count++;
                }
            }
            if (CloudApiClient.isLast(list, page)) {
                return clientId.isEmpty() && count == 1 && hasSameOwner(accessToken, last) ? last : null;
            }
        }
        return null;
    }

    /** Compares the owner, and the organization where both say. */
    private static boolean hasSameOwner(AccessToken accessToken, JsonNode token) {
        JwtClaims claims = JwtClaims.of(accessToken.value());
        String owner = TokenResponseParser.text(token.path("owner"), "name");
        String organization = TokenResponseParser.text(token.path("org"), "name");
        return owner != null
                && owner.equalsIgnoreCase(claims.text("preferred_username"))
                && (organization == null || organization.equalsIgnoreCase(claims.text("org_name")));
    }

    /** UTC without an offset, as the name of the field says. */
    @CheckForNull
    private static Instant time(@CheckForNull String text) {
        if (text == null) {
            return null;
        }
        try {
            TemporalAccessor time = TIME.parseBest(text.trim(), OffsetDateTime::from, LocalDateTime::from);
            return time instanceof OffsetDateTime withOffset
                    ? withOffset.toInstant()
                    : LocalDateTime.from(time).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
