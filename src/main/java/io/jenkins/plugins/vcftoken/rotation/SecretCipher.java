package io.jenkins.plugins.vcftoken.rotation;

import java.io.IOException;

/** Encrypts what the ledger keeps at rest. */
public interface SecretCipher {

    String seal(String secret);

    /** @throws IOException when this controller's key did not seal it */
    String open(String sealed) throws IOException;
}
