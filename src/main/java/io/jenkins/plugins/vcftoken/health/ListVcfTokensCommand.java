package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.kohsuke.args4j.Argument;

/** CLI command {@code list-vcf-tokens}: prints the token state of each credential on one line. */
@Extension
public final class ListVcfTokensCommand extends TokenCommand {

    @CheckForNull
    @Argument(metaVar = "ID", usage = "ID of one credential. Default: all")
    private String id;

    @Override
    public String getShortDescription() {
        return Messages.ListVcfTokensCommand_shortDescription();
    }

    @Override
    protected int run() {
        List<CredentialHealth> credentials = id == null ? page().getCredentials() : List.of(page(id).getHealth());
        credentials.stream().map(ListVcfTokensCommand::line).forEach(stdout::println);
        return 0;
    }

    private static String line(CredentialHealth health) {
        return Stream.of(
                        health.getId(),
                        health.getContext(),
                        health.getState().name(),
                        health.getAccessTokenExpiresAt(),
                        health.getError())
                .map(value -> value == null ? "" : value.replaceAll("\\p{Cntrl}", " "))
                .collect(Collectors.joining("\t"));
    }
}
