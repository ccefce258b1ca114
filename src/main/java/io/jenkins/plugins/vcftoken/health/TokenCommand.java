package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.cli.CLICommand;
import hudson.model.AbstractItem;
import jenkins.model.Jenkins;
import org.kohsuke.args4j.Option;

/**
 * Base class of CLI commands for the credentials of the controller or of a folder. Delegates to the pages, so that the
 * same permissions are required. Runs on a CLI thread, with the authentication of the calling user.
 *
 * @see <a href="https://www.jenkins.io/doc/book/managing/cli/">Jenkins CLI</a>
 */
abstract class TokenCommand extends CLICommand {

    @CheckForNull
    @Option(
            name = "--folder",
            metaVar = "FOLDER",
            usage = "Full name of the folder that stores the credential. Default: the controller")
    private AbstractItem folder;

    /** @throws IllegalArgumentException if the item cannot store credentials; the CLI returns exit code 3 */
    TokenListPage page() {
        TokenListPage page = folder == null ? new TokenListPage(Jenkins.get()) : folder.getAction(TokenListPage.class);
        if (page == null) {
            throw new IllegalArgumentException(Messages.TokenCommand_noFolder(folder.getFullName()));
        }
        page.getTarget();
        return page;
    }

    /** @throws IllegalArgumentException if the credential does not exist or the current user cannot view it */
    TokenDetailPage page(String id) {
        TokenDetailPage page = page().getCredential(id);
        if (page == null) {
            throw new IllegalArgumentException(Messages.TokenCommand_notFound(id));
        }
        page.getTarget();
        return page;
    }
}
