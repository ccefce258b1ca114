package io.jenkins.plugins.vcftoken;

import hudson.util.Secret;
import io.jenkins.plugins.vcftoken.rotation.FileTokenLedger;
import io.jenkins.plugins.vcftoken.rotation.TokenHash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import jenkins.security.HMACConfidentialKey;

/**
 * Encrypts and hashes for the ledger with keys of this controller, which a backup of the ledger alone does not contain. The
 * name of the hash key, and so of this class, is frozen: it is the name of a file in {@code secrets/}.
 */
public final class LedgerKeys {

    /** Distinguishes a token that looks like ciphertext of Jenkins from ciphertext. */
    private static final String MARK = "vcf:";

    public static final FileTokenLedger.Cipher CIPHER = new FileTokenLedger.Cipher() {
        @Override
        public String seal(String secret) {
            return Secret.fromString(MARK + secret).getEncryptedValue();
        }

        @Override
        public String open(String sealed) throws IOException {
            Secret secret = Secret.decrypt(sealed);
            if (secret == null || !secret.getPlainText().startsWith(MARK)) {
                throw new IOException("it was encrypted with another controller's key");
            }
            return secret.getPlainText().substring(MARK.length());
        }
    };

    private LedgerKeys() {}

    /** With a key object of its own: one that is shared by two Jenkins of one JVM keeps the key of the first. */
    public static TokenHash hash() {
        HMACConfidentialKey key = new HMACConfidentialKey(LedgerKeys.class, "families");
        return text -> HexFormat.of().formatHex(key.mac(text.getBytes(StandardCharsets.UTF_8)));
    }
}
