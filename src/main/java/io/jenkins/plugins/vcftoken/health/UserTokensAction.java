package io.jenkins.plugins.vcftoken.health;

import hudson.Extension;
import hudson.model.Action;
import hudson.model.TransientUserActionFactory;
import hudson.model.User;
import java.util.Collection;
import java.util.List;

/** Gives each user a page for the own credentials, which nobody else sees: not even an administrator. */
@Extension
public final class UserTokensAction extends TransientUserActionFactory {

    @Override
    public Collection<? extends Action> createFor(User target) {
        return target.equals(User.current()) ? List.of(new TokenListPage(target)) : List.of();
    }
}
