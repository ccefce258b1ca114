package io.jenkins.plugins.vcftoken.block;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import hudson.model.Queue;
import hudson.model.queue.Tasks;
import hudson.security.ACL;
import hudson.util.FormValidation;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import jenkins.model.Jenkins;

/** What the forms of the step and of the build wrapper have in common. */
public final class BlockForm {

    private BlockForm() {}

    /** The credentials a person may choose from; who may not list them sees the current one alone. */
    public static ListBoxModel credentials(@CheckForNull Item item, String current) {
        StandardListBoxModel items = new StandardListBoxModel();
        boolean mayList = item == null
                ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                : item.hasPermission(Item.EXTENDED_READ) || item.hasPermission(CredentialsProvider.USE_ITEM);
        if (!mayList) {
            return items.includeCurrentValue(current);
        }
        return items.includeEmptyValue()
                .includeMatchingAs(
                        item instanceof Queue.Task task ? Tasks.getAuthenticationOf2(task) : ACL.SYSTEM2,
                        item,
                        VcfCredentials.class,
                        List.of(),
                        CredentialsMatchers.always())
                .includeCurrentValue(current);
    }

    public static FormValidation check(BlockVariables variables) {
        String problem = variables.problem();
        return problem == null ? FormValidation.ok() : FormValidation.error(problem);
    }
}
