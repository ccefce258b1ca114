package io.jenkins.plugins.vcftoken.binding;

import hudson.model.Queue;
import java.util.function.Consumer;
import jenkins.security.QueueItemAuthenticator;
import org.springframework.security.core.Authentication;

/** Calls a hook while a block looks up its credential, when Jenkins determines the authentication of the job. */
final class JenkinsCredentialLookupHook extends QueueItemAuthenticator {

    private final transient Consumer<String> hook;

    /** @param hook called with the name of the job */
    JenkinsCredentialLookupHook(Consumer<String> hook) {
        this.hook = hook;
    }

    @Override
    public Authentication authenticate2(Queue.Task task) {
        boolean isLookup = StackWalker.getInstance()
                .walk(frames ->
                        frames.anyMatch(frame -> frame.getClassName().equals(CredentialLookup.class.getName())));
        if (isLookup) {
            hook.accept(task.getName());
        }
        return null;
    }
}
