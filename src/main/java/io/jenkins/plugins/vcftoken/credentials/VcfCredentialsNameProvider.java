package io.jenkins.plugins.vcftoken.credentials;

import com.cloudbees.plugins.credentials.CredentialsNameProvider;
import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Util;

/** "vcfa.example.com / acme (description)"; shown in lists, so without secrets and quick. */
public final class VcfCredentialsNameProvider extends CredentialsNameProvider<AbstractVcfCredentials> {

    @NonNull
    @Override
    public String getName(@NonNull AbstractVcfCredentials credentials) {
        String name = credentials.getUrl().replaceFirst("^https?://", "") + " / " + credentials.who();
        String description = Util.fixEmptyAndTrim(credentials.getDescription());
        return description == null ? name : name + " (" + description + ")";
    }
}
