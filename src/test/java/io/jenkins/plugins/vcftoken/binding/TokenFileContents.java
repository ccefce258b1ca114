package io.jenkins.plugins.vcftoken.binding;

import java.util.HashMap;
import java.util.Map;

/** Contents of the files of a block with one token file and one header file. */
final class TokenFileContents {

    static final String TOKEN_FILE = "VCF_TOKEN_FILE";
    static final String HEADER_FILE = "VCF_HEADER_FILE";

    private TokenFileContents() {}

    static Map<String, WriteTokenFiles.Content> of(String accessToken) {
        return of(accessToken, TokenFileMode.OWNER);
    }

    static Map<String, WriteTokenFiles.Content> of(String accessToken, TokenFileMode mode) {
        return new HashMap<>(Map.of(
                TOKEN_FILE,
                new WriteTokenFiles.Content(accessToken, mode),
                HEADER_FILE,
                new WriteTokenFiles.Content("Authorization: Bearer " + accessToken + "\n", mode)));
    }
}
