package io.jenkins.plugins.vcftoken.oauth;

import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.Map;

/**
 * Creates provider sessions of VCF Automation 9.1 with access tokens of VCF SSO: {@code POST
 * /cloudapi/1.0.0/sessions/provider}, which returns a JWT in a header. From recorded requests. Sessions are deleted
 * with <a
 * href="https://developer.broadcom.com/xapis/provider-infrastructure-apis/latest/cloudapi/1.0.0/sessions/current/delete">{@code
 * DELETE /cloudapi/1.0.0/sessions/current}</a>.
 */
public final class VcfaProviderSessionClient extends AbstractSessionClient {

    /** The first API version that supports VCF SSO; newer servers accept it. */
    private static final Map.Entry<String, String> ACCEPT = Map.entry("Accept", "application/json;version=9.1.0");

    public VcfaProviderSessionClient(AtMostOnceHttpClient client, Account account) {
        super(client, account);
    }

    @Override
    AccessToken createSession(String parentToken) throws TokenRequestException {
        Map<String, String> headers =
                Map.ofEntries(ACCEPT, Map.entry("Authorization", "Bearer " + parentToken + ";org=system"));
        TokenResponseParser response = new TokenResponseParser(
                client.post(url("cloudapi/1.0.0/sessions/provider"), headers),
                parentToken,
                (status, code, message) ->
                        status == 401 ? TokenErrorType.PARENT_TOKEN_REJECTED : TokenErrorType.ofStatus(status));
        if (!response.isSuccess()) {
            throw response.failure();
        }
        return response.accessToken(response.accessTokenHeader(), MissingNode.getInstance(), null);
    }

    @Override
    TokenResponseParser deleteSession(String session) throws TokenRequestException {
        return new TokenResponseParser(
                client.delete(
                        url("cloudapi/1.0.0/sessions/current"),
                        Map.ofEntries(ACCEPT, Map.entry("Authorization", "Bearer " + session))),
                session,
                (status, code, message) -> TokenErrorType.ofStatus(status));
    }
}
