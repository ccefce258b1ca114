package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.AbortException;
import hudson.Extension;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import org.kohsuke.args4j.Argument;

/** CLI command {@code renew-vcf-token}: requests an access token, like the button <em>Renew now</em>. */
@Extension
public final class RenewVcfTokenCommand extends TokenCommand {

    @NonNull
    @Argument(metaVar = "ID", usage = "ID of the credential", required = true)
    private String id = "";

    @Override
    public String getShortDescription() {
        return Messages.RenewVcfTokenCommand_shortDescription();
    }

    /** @throws AbortException if the request fails; the CLI returns exit code 5 */
    @Override
    protected int run() throws AbortException, InterruptedException {
        try {
            page(id).requestToken();
            return 0;
        } catch (TokenUnavailableException e) {
            throw new AbortException(e.getMessage());
        }
    }
}
