package io.jenkins.plugins.vcftoken.health;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.Extension;
import hudson.XmlFile;
import hudson.model.ItemGroup;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import org.kohsuke.stapler.Stapler;

/**
 * Has another look made when a person may have put something right, or wrong: in a request. Rotations are saved without
 * one. Who saves does not tell, since the system store saves as the system.
 */
@Extension
public final class HealthRefreshListener extends SaveableListener {

    @Override
    public void onChange(Saveable saved, XmlFile file) {
        if ((saved instanceof SystemCredentialsProvider || saved instanceof ItemGroup<?>)
                && Stapler.getCurrentRequest2() != null) {
            HealthMonitorWork.get().lookSoon();
        }
    }
}
