package io.jenkins.plugins.vcftoken.admin;

import com.cloudbees.plugins.credentials.SystemCredentialsProvider;
import hudson.Extension;
import hudson.XmlFile;
import hudson.model.ItemGroup;
import hudson.model.Saveable;
import hudson.model.listeners.SaveableListener;
import hudson.security.ACL;
import jenkins.model.Jenkins;

/** Has another look made when a person may have put something right, or wrong. Rotations are saved by the system. */
@Extension
public final class TokenSaves extends SaveableListener {

    @Override
    public void onChange(Saveable saved, XmlFile file) {
        if ((saved instanceof SystemCredentialsProvider || saved instanceof ItemGroup<?>)
                && !ACL.SYSTEM2.equals(Jenkins.getAuthentication2())) {
            TokenWatch.get().lookSoon();
        }
    }
}
