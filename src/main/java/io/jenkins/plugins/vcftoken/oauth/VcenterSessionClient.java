package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * Begins sessions of vCenter with access tokens of VCF SSO: exchanges one for a SAML token (<a
 * href="https://www.rfc-editor.org/rfc/rfc8693">RFC 8693</a>, <a
 * href="https://developer.broadcom.com/xapis/vsphere-automation-api/latest/api/vcenter/authentication/token/post">{@code
 * /api/vcenter/authentication/token}</a>), and logs in with that (<a
 * href="https://developer.broadcom.com/xapis/vsphere-automation-api/latest/api/session/post">{@code /api/session}</a>).
 *
 * <p><a href="https://developer.broadcom.com/xapis/vsphere-automation-api/latest/cis/cis/session/">The vendor's
 * document</a> has two ends of a session: one that is computed from the SAML token, and one after a time without a
 * request. It names neither time; the first is taken from {@code expires_in}, the second is half an hour on systems in
 * the field (<a href="https://github.com/vmware/govmomi/issues/2698">govmomi#2698</a>).
 */
public final class VcenterSessionClient extends AbstractSessionClient {

    public static final String SYSTEM = "vCenter";

    /** A step that has the session need not have used it. */
    static final Duration IDLE_TIMEOUT = Duration.ofMinutes(30);

    private static final String TOKEN_TYPE = "urn:ietf:params:oauth:token-type:";

    public VcenterSessionClient(OneShotHttpClient client, Account account) {
        super(client, account);
    }

    @Override
    AccessToken beginSession(String parentToken) throws TokenRequestException {
        Map<String, String> form = Map.of(
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "requested_token_type",
                TOKEN_TYPE + "saml2",
                "subject_token_type",
                TOKEN_TYPE + "access_token",
                "subject_token",
                parentToken);
        TokenResponseParser exchange = new TokenResponseParser(
                client.postForm(
                        url("api/vcenter/authentication/token"),
                        form,
                        Map.of("Authorization", "Bearer " + parentToken)),
                parentToken,
                VcenterSessionClient::classifyExchange);
        JsonNode exchanged = exchange.object();
        String encoded = TokenResponseParser.text(exchanged, "access_token");
        JsonNode expiresIn = exchanged.path("expires_in");
        String withoutLines = encoded == null ? null : encoded.replaceAll("\\s", "");
        String samlToken = compressed(
                exchange, exchange.accessToken(withoutLines, expiresIn, null).value());
        TokenResponseParser session = new TokenResponseParser(
                client.post(url("api/session"), Map.of("Authorization", "SIGN token=\"" + samlToken + '"')),
                samlToken,
                (status, code, message) -> TokenError.ofStatus(status));
        if (!session.isSuccess()) {
            throw session.failure();
        }
        AccessToken id = exchange.accessToken(session.json().textValue(), expiresIn, null);
        Instant idle = id.issuedAt().plus(IDLE_TIMEOUT);
        return id.expiresAt().isAfter(idle) ? new AccessToken(id.value(), id.issuedAt(), idle) : id;
    }

    /** The form of a SAML token in the header: gzip, then base64. The response has base64 alone. */
    private static String compressed(TokenResponseParser exchange, String samlToken) throws TokenRequestException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(Base64.getDecoder().decode(samlToken));
        } catch (IllegalArgumentException e) {
            throw exchange.invalid("with a SAML token that is not in base64", null);
        } catch (IOException e) {
            throw new UncheckedIOException("Memory can always be written", e);
        }
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    @Override
    TokenResponseParser endSession(String session) throws TokenRequestException {
        return new TokenResponseParser(
                client.delete(url("api/session"), Map.of("vmware-api-session-id", session)),
                session,
                (status, code, message) -> TokenError.ofStatus(status));
    }

    private static TokenError classifyExchange(int status, String code, String message) {
        return status == 401 || code.equals("invalid_grant")
                ? TokenError.PARENT_TOKEN_REFUSED
                : TokenError.ofStatus(status);
    }
}
