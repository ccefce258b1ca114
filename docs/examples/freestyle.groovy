// Job DSL: a freestyle project with an access token.
freeStyleJob('vcf-freestyle') {
    wrappers {
        vcfToken {
            credentialsId('vcfa')
            headerFileVariable('VCF_HEADER_FILE')
        }
    }
    steps {
        shell('curl --fail --silent --show-error -H @"$VCF_HEADER_FILE" "$VCF_URL/deployment/api/deployments"')
    }
}
