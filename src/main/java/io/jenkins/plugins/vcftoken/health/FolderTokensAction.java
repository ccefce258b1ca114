package io.jenkins.plugins.vcftoken.health;

import edu.umd.cs.findbugs.annotations.NonNull;
import hudson.Extension;
import hudson.model.AbstractItem;
import hudson.model.Action;
import hudson.model.ItemGroup;
import java.util.Collection;
import java.util.List;
import jenkins.model.TransientActionFactory;

/** Gives each folder its page, of whatever kind it is. */
@Extension
public final class FolderTokensAction extends TransientActionFactory<AbstractItem> {

    @Override
    public Class<AbstractItem> type() {
        return AbstractItem.class;
    }

    @NonNull
    @Override
    public Collection<? extends Action> createFor(@NonNull AbstractItem target) {
        return target instanceof ItemGroup<?> ? List.of(new TokenListPage(target)) : List.of();
    }
}
