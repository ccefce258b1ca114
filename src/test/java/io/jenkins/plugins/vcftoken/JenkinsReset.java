package io.jenkins.plugins.vcftoken;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import com.cloudbees.plugins.credentials.domains.Domain;
import hudson.model.Node;
import hudson.model.TopLevelItem;
import hudson.model.User;
import hudson.security.AuthorizationStrategy;
import hudson.security.SecurityRealm;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenFamilyAdmin;
import java.util.List;
import java.util.Map;
import jenkins.model.Jenkins;
import org.jvnet.hudson.test.JenkinsRule;

/**
 * Removes jobs, agents, users, permissions, credentials and token records from a Jenkins that the tests of a class
 * share. Each test has its own simulator, so that the accounts differ.
 */
public final class JenkinsReset {

    private JenkinsReset() {}

    public static void reset(JenkinsRule rule) throws Exception {
        Jenkins jenkins = rule.jenkins;
        jenkins.setSecurityRealm(SecurityRealm.NO_AUTHENTICATION);
        jenkins.setAuthorizationStrategy(AuthorizationStrategy.UNSECURED);
        for (TopLevelItem item : List.copyOf(jenkins.getItems())) {
            item.delete();
        }
        for (Node node : jenkins.getNodes()) {
            jenkins.removeNode(node);
        }
        jenkins.getGlobalNodeProperties().clear();
        SystemCredentialsProvider.getInstance().setDomainCredentialsMap(Map.of(Domain.global(), List.of()));
        SystemCredentialsProvider.getInstance().save();
        for (User user : List.copyOf(User.getAll())) {
            user.delete();
        }
        TokenFamilyAdmin families = VcfTokenService.get().administration();
        for (TokenFamily family : families.list()) {
            families.forget(family.id());
        }
    }
}
