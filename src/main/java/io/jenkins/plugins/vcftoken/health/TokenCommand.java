package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.cli.CLICommand;
import hudson.model.AbstractItem;
import jenkins.model.Jenkins;
import org.kohsuke.args4j.Option;

/**
 * A command of the Jenkins CLI on the credentials of the controller or of one folder. It has the pages do the work, so
 * that it takes the permissions that they take. Runs on a thread of the CLI, as the user who called it.
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

    /** @throws IllegalArgumentException which the CLI reports with exit code 3, if the item stores no credentials */
    TokenListPage page() {
        TokenListPage page = folder == null ? new TokenListPage(Jenkins.get()) : folder.getAction(TokenListPage.class);
        if (page == null) {
            throw new IllegalArgumentException(Messages.TokenCommand_noFolder(folder.getFullName()));
        }
        page.getTarget();
        return page;
    }

    /** @throws IllegalArgumentException if the current user sees no such credential there */
    TokenDetailPage page(String id) {
        TokenDetailPage page = page().getCredential(id);
        if (page == null) {
            throw new IllegalArgumentException(Messages.TokenCommand_notFound(id));
        }
        page.getTarget();
        return page;
    }
}
