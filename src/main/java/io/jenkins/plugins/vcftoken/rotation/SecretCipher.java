package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;

/** Encrypts the tokens in the ledger's files. */
public interface SecretCipher {

    String seal(String secret);

    /** @throws IOException when it was not encrypted with this controller's key */
    String open(String sealed) throws IOException;
}
