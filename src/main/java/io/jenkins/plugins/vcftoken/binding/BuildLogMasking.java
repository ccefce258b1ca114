package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.ExtensionList;
import hudson.model.Run;
import hudson.model.listeners.RunListener;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Which blocks a build's log is masked for. The log is opened before the wrapper is set up and written to after it is
 * torn down, and the wrapper itself belongs to the project.
 */
@Extension
public final class BuildLogMasking extends RunListener<Run<?, ?>> {

    /** By the builds themselves, since their names change when their project is moved. */
    private final Map<Run<?, ?>, List<TokenBlock>> blocks = new ConcurrentHashMap<>();

    static BuildLogMasking get() {
        return ExtensionList.lookupSingleton(BuildLogMasking.class);
    }

    void add(Run<?, ?> build, TokenBlock block) {
        blocks.computeIfAbsent(build, same -> new CopyOnWriteArrayList<>()).add(block);
    }

    List<TokenBlock> of(Run<?, ?> build) {
        return blocks.getOrDefault(build, List.of());
    }

    @Override
    public void onFinalized(@NonNull Run<?, ?> build) {
        blocks.remove(build);
    }
}
