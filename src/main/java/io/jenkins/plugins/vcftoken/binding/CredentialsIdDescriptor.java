package io.jenkins.plugins.vcftoken.binding;

import com.cloudbees.plugins.credentials.CredentialsMatchers;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Item;
import hudson.model.Queue;
import hudson.model.queue.Tasks;
import hudson.security.ACL;
import hudson.util.ListBoxModel;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import jenkins.model.Jenkins;
import org.kohsuke.stapler.AncestorInPath;
import org.kohsuke.stapler.QueryParameter;
import org.kohsuke.stapler.verb.POST;
import org.springframework.security.core.Authentication;

/** Descriptor of a form with a {@code credentialsId} field. */
public interface CredentialsIdDescriptor {

    /**
     * Lists the credentials that the item can use; only the current value for users without permission to list them.
     */
    @POST
    default ListBoxModel doFillCredentialsIdItems(@AncestorInPath Item item, @QueryParameter String credentialsId) {
        StandardListBoxModel items = new StandardListBoxModel();
        if (!canList(item)) {
            return items.includeCurrentValue(credentialsId);
        }
        return items.includeEmptyValue()
                .includeMatchingAs(
                        getAuthentication(item), item, VcfCredentials.class, List.of(), CredentialsMatchers.always())
                .includeCurrentValue(credentialsId);
    }

    /** @param item null for a form that does not belong to an item */
    static boolean canList(@CheckForNull Item item) {
        return item == null
                ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
                : item.hasPermission(Item.EXTENDED_READ) || item.hasPermission(CredentialsProvider.USE_ITEM);
    }

    /** @return whether the item can use a credential with this ID. Callers check {@link #canList} first. */
    static boolean isListed(@CheckForNull Item item, String id) {
        return !CredentialsProvider.listCredentialsInItem(
                        VcfCredentials.class, item, getAuthentication(item), List.of(), CredentialsMatchers.withId(id))
                .isEmpty();
    }

    private static Authentication getAuthentication(@CheckForNull Item item) {
        return item instanceof Queue.Task task ? Tasks.getAuthenticationOf2(task) : ACL.SYSTEM2;
    }
}
