package io.jenkins.plugins.vcftoken.store;

import static io.jenkins.plugins.vcftoken.JenkinsAccount.findStore;

import com.cloudbees.hudson.plugins.folder.Folder;
import com.cloudbees.plugins.credentials.domains.Domain;

final class JenkinsFolderCredentials {

    private JenkinsFolderCredentials() {}

    /** The first credential in the global domain of a folder. */
    static VcfCredentials credentialIn(Folder folder) {
        return (VcfCredentials)
                findStore(folder).getCredentials(Domain.global()).get(0);
    }
}
